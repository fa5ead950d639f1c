package zoocfg

import (
	"cmp"
	"errors"
	"slices"

	"github.com/stampede-sim/stampede/nodes/coordinator"
	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/node"
	"github.com/stampede-sim/stampede/nodes/quorum"
)

// Group is one line group.N: servers that vote together.
type Group struct {
	Number int64
	Sids   []int64
}

// Weight is one line weight.N.
type Weight struct{ Sid, Weight int64 }

// numbered are the keys that end in the number of a server or group.
var numbered = map[string]func(f *File, n int64, value string) error{
	"server": func(f *File, n int64, value string) error {
		s, err := membership.ParseLine(n, value)
		f.Servers = append(f.Servers, s)
		slices.SortFunc(f.Servers, func(a, b membership.Line) int { return cmp.Compare(a.Sid, b.Sid) })
		return err
	},
	"group": func(f *File, n int64, value string) error {
		sids, err := membership.ParseSids(value)
		f.Groups = append(f.Groups, Group{n, sids})
		slices.SortFunc(f.Groups, func(a, b Group) int { return cmp.Compare(a.Number, b.Number) })
		return err
	},
	"weight": func(f *File, n int64, value string) error {
		w, err := positive(value)
		f.Weights = append(f.Weights, Weight{n, int64(w)})
		slices.SortFunc(f.Weights, func(a, b Weight) int { return cmp.Compare(a.Sid, b.Sid) })
		return err
	},
}

// members are the servers as processes of a world.
func (f *File) members() []coordinator.Member {
	if !f.Ensemble() {
		return []coordinator.Member{{Sid: f.Config.Sid}}
	}
	var out []coordinator.Member
	for i, s := range f.Servers {
		out = append(out, coordinator.Member{Sid: s.Sid, Node: node.ID(i), Observer: s.Observer})
	}
	return out
}

// hierarchy are the groups with their weights, 1 where none is given.
func (f *File) hierarchy() []quorum.Group {
	var out []quorum.Group
	for _, g := range f.Groups {
		var members quorum.Group
		for _, sid := range g.Sids {
			members = append(members, quorum.Server{Sid: sid, Weight: f.weight(sid)})
		}
		out = append(out, members)
	}
	return out
}

func (f *File) weight(sid int64) int64 {
	for _, w := range f.Weights {
		if w.Sid == sid {
			return w.Weight
		}
	}
	return 1
}

var errNoServer = errors.New("zoocfg: no such server")

// Server returns the line of a server.
func (f *File) Server(sid int64) (membership.Line, error) {
	for _, s := range f.Servers {
		if s.Sid == sid {
			return s, nil
		}
	}
	return membership.Line{}, errNoServer
}
