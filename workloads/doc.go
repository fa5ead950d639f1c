// Package workloads is what clients do to the systems under test: generators
// that turn random numbers into an explicit list of operations, the text form of
// that list, the client node that runs it, and the recorder that writes down what
// came of it.
//
// A workload draws nothing while it runs. Everything random is drawn before, in
// [Workload.Draw] and [Workload.Generate], and the result is a plan of one line an
// operation, which can be printed, edited, cut down and run again.
//
// # Recipes
//
// A line may be a step of a recipe, such as a lock or a queue: then the client reads,
// decides and writes, and waits for watches in between. What it requests on the way
// is recorded as operations like any other, with IDs that depend on the step alone,
// and what it concludes as claims. A step is a line of its own, so plans are cut
// down as ever. See [RecipeArgs].
//
// # Time
//
// [Op.At] counts from the start of the workload, [ClientConfig.StartAt], in the
// world's virtual time. Histories are recorded in the world's time as well, since
// clocks of nodes drift.
//
// # Truthfulness
//
// An operation is recorded fail only if it cannot have had an effect: a server
// said so, or it was a read, or it was never sent. Every other end without an
// answer is info.
package workloads
