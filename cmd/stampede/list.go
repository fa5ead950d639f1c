package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede/reports"
)

func listCommand() *cobra.Command {
	markdown := false
	what := strings.Join(reports.Catalogues(), "|")
	cmd := &cobra.Command{
		Use:   "list " + what,
		Short: "List what there is",
		Example: `  stampede list scenarios
  stampede list guarantees --markdown`,
		Args:      exactly(1, "one of "+what),
		ValidArgs: reports.Catalogues(),
		RunE: func(cmd *cobra.Command, args []string) error {
			render := reports.Catalogue
			if markdown {
				render = reports.Markdown
			}
			text, err := render(args[0])
			if err != nil {
				return asUsage(err)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "as a page of the documentation (guarantees and bugs)")
	return cmd
}
