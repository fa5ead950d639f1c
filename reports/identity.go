package reports

import (
	"runtime"
	"runtime/debug"
)

// Identity says which build made a report. A seed means a run only together with
// the build that turns it into a plan; a plan survives more.
type Identity struct {
	// Commit is the revision of the source, with "+dirty" if files had been
	// changed, "" if the build carries no version control information (as under
	// `go run`).
	Commit string `json:"commit,omitempty"`
	// Go is the version of Go, Platform the system and architecture.
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// ThisBuild identifies the running program.
func ThisBuild() Identity {
	id := Identity{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return id
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			id.Commit = s.Value + id.Commit
		case s.Key == "vcs.modified" && s.Value == "true":
			id.Commit += "+dirty"
		}
	}
	return id
}

// String renders the identity as a few words.
func (id Identity) String() string {
	commit := "commit unknown"
	if id.Commit != "" {
		commit = "commit " + id.Commit
	}
	return commit + " " + id.Go + " " + id.Platform
}
