package stampede_test

import (
	"context"
	"fmt"
	"log"

	"github.com/stampede-sim/stampede"
)

// A seed makes a plan, and a plan makes the same run every time.
func Example() {
	plan, err := stampede.PlanFor("coordinator/register", 1, stampede.PlanOptions{})
	if err != nil {
		log.Fatal(err)
	}
	first := stampede.Run(plan, stampede.RunOptions{})
	second := stampede.Run(plan, stampede.RunOptions{})
	fmt.Println(first.Verdict, first.Hash == second.Hash)
	// Output: pass true
}

// Hunting runs many seeds and sums up what they saw.
func ExampleHunt() {
	summary, err := stampede.Hunt(context.Background(), stampede.HuntOptions{
		Scenarios: []string{"coordinator/register", "coordinator/sequence"},
		First:     1, Last: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Runs, "runs,", len(summary.Failures), "failures")
	// Output: 10 runs, 0 failures
}
