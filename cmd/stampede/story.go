package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stampede-sim/stampede/checkers"
	"github.com/stampede-sim/stampede/checkers/guarantee"
	"github.com/stampede-sim/stampede/internal/script"
	"github.com/stampede-sim/stampede/internal/story"
	"github.com/stampede-sim/stampede/nodes/bugs"
)

// storyFlags are the flags of `stampede story`.
type storyFlags struct {
	bugs   string
	script bool
}

func storyCommand() *cobra.Command {
	var f storyFlags
	cmd := &cobra.Command{
		Use:   "story [NAME|FILE]",
		Short: "Play what a cluster of brokers does when something fails, and tell it",
		Long: `Plays a story: a script that starts coordinators, brokers and clients, lets things
happen, and is told under each command what came of it. Without an argument it lists
the stories that come with the program. A FILE is a story of your own; its commands
are those of docs/STORIES.md, and nothing need stand below them.

The judges watch. If a guarantee falls, the story ends there, with exit code 10, or 11
if the cluster does not settle. A story that makes no sense exits with 2.`,
		Example: `  stampede story
  stampede story leader_dies
  stampede story leader_dies --bug ack-before-commit
  stampede story mine.txt
  stampede story mine.txt --script > told.txt`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly(1, "one story at a time")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listStories(cmd.OutOrStdout())
			}
			return f.run(cmd, args[0])
		},
	}
	cmd.Flags().StringVar(&f.bugs, "bug", "", "plant bugs of the zoo: `NAMES`, comma-separated, of 'stampede list bugs'")
	cmd.Flags().BoolVar(&f.script, "script", false, "print the story as a file, with what happened below each command")
	return cmd
}

func listStories(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range story.Names() {
		text, _ := story.Text(name)
		fmt.Fprintf(table, "%s\t%s\n", name, story.Title(text))
	}
	return table.Flush()
}

func (f *storyFlags) run(cmd *cobra.Command, name string) error {
	planted, err := bugSet(f.bugs)
	if err != nil {
		return err
	}
	text, err := storyText(name)
	if err != nil {
		return err
	}
	p := story.New(planted)
	defer p.Close()
	t := teller{out: cmd.OutOrStdout(), script: f.script, blank: true}
	err = script.Play(name, text, p.Play, t.show)
	switch broken := p.Broken(); {
	case t.failed != nil:
		return t.failed
	case broken != nil:
		t.showLast(p)
		return endStory(cmd.ErrOrStderr(), broken)
	}
	return asUsage(err)
}

// storyText finds a story by its name, or reads it from a file.
func storyText(name string) (string, error) {
	if text, ok := story.Text(name); ok {
		return text, nil
	}
	text, err := os.ReadFile(name)
	if err != nil && !strings.ContainsAny(name, "./"+string(os.PathSeparator)) {
		return "", unknown("story", name, story.Names(), "`stampede story` lists them, and a file is one, too")
	}
	return string(text), err
}

// endStory tells what ended a story before its end.
func endStory(w io.Writer, broken *guarantee.Finding) error {
	fmt.Fprintf(w, "%s is broken: %s\n", broken.Guarantee, broken.Explanation)
	for _, line := range broken.Evidence {
		fmt.Fprintln(w, "  "+line)
	}
	return endWith(codeOf(checkers.Violation, broken.Guarantee))
}

// teller prints a story: for who reads along, or as a file of its own.
type teller struct {
	out    io.Writer
	script bool
	// blank: the line before is empty. failed is why nothing can be printed.
	blank  bool
	failed error
}

func (t *teller) show(p script.Part) {
	if p.Command != nil {
		t.command(p.Command.Line, p.Output)
		return
	}
	if !t.script {
		p.Text = strings.TrimPrefix(strings.TrimPrefix(p.Text, "#"), " ")
	}
	if p.Text != "" || !t.blank || t.script {
		t.print(p.Text + "\n")
	}
	t.blank = p.Text == ""
}

// command prints a command and what came of it.
func (t *teller) command(line, output string) {
	if t.script {
		t.print(line + "\n----\n" + output)
		return
	}
	if !t.blank {
		t.print("\n")
	}
	t.print("> " + line + "\n")
	for line := range strings.Lines(output) {
		t.print("    " + line)
	}
	t.blank = false
}

// showLast prints the command that ended the story.
func (t *teller) showLast(p *story.Player) {
	line, told := p.Last()
	t.command(line, strings.Join(append(told, ""), "\n"))
}

func (t *teller) print(s string) {
	if _, err := io.WriteString(t.out, s); t.failed == nil {
		t.failed = err
	}
}

// bugSet reads the names of planted bugs.
func bugSet(names string) (set bugs.Set, err error) {
	planted := strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' })
	if err := knownBugs(planted); err != nil {
		return set, err
	}
	for _, name := range planted {
		bug, _ := bugs.Lookup(name)
		set = set.With(bugs.Of(bug.ID))
	}
	return set, nil
}
