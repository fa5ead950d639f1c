// Package reports is what people read about runs: blocks for the terminal, the
// directory of a failure with its page, and the formats that pipelines ask for.
//
// Reports decide nothing. They show a [stampede.Result] and what can be had by
// running its plan again; whoever doubts a page finds beside it the plan, the
// history and the trace it was made from.
package reports
