package stampede

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/checkers/reference"
	"github.com/stampede-sim/stampede/nodes/coordinator/acl"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// genName draws who an entry of a list, or an identity, may be about.
var genName = rapid.Custom(func(t *rapid.T) wire.Identity {
	scheme := rapid.SampledFrom([]string{"world", "auth", "digest", "ip", "ip", "x509", "sasl", "super", "nosuch", ""}).Draw(t, "scheme")
	switch scheme {
	case "world":
		return wire.Identity{Scheme: scheme, ID: rapid.SampledFrom([]string{"anyone", "anyone", "me"}).Draw(t, "who")}
	case "digest":
		id, _ := reference.Proves("digest", rapid.SampledFrom([]string{"a:p", "a:q", "b:p"}).Draw(t, "secret"))
		return rapid.SampledFrom([]wire.Identity{id, {Scheme: scheme, ID: "a"}, {Scheme: scheme, ID: "a:"}, {Scheme: scheme, ID: "a:b:"}, {Scheme: scheme, ID: ":h"}}).Draw(t, "digest")
	case "ip":
		text := fmt.Sprintf("10.0.%d.%d", rapid.IntRange(0, 1).Draw(t, "c"), rapid.IntRange(0, 9).Draw(t, "d"))
		if rapid.Bool().Draw(t, "range") {
			text += fmt.Sprintf("/%d", rapid.IntRange(20, 33).Draw(t, "bits"))
		}
		return wire.Identity{Scheme: scheme, ID: rapid.SampledFrom([]string{text, text, "fe80::1", "fe80::/10", "here"}).Draw(t, "address")}
	case "x509":
		return wire.Identity{Scheme: scheme, ID: rapid.SampledFrom([]string{"CN=a", "CN=b,O=c", "a"}).Draw(t, "name")}
	case "sasl":
		return wire.Identity{Scheme: scheme, ID: rapid.SampledFrom([]string{"a", "super", "a/h@R", "a@b@c"}).Draw(t, "principal")}
	}
	return wire.Identity{Scheme: scheme}
})

// canBe tells the identities that a connection may have.
func canBe(id wire.Identity) bool {
	return slices.Contains([]string{"digest", "ip", "x509", "sasl", "super"}, id.Scheme)
}

// The servers and their judges have each their own idea of lists. They must be the same.
func TestServersAndJudgesReadListsAlike(t *testing.T) {
	genEntry := rapid.Custom(func(t *rapid.T) wire.ACL {
		who := genName.Draw(t, "who")
		return wire.ACL{Perms: rapid.Int32Range(0, acl.All).Draw(t, "perms"), Scheme: who.Scheme, ID: who.ID}
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(genEntry, 0, 4).Draw(t, "list")
		ids := rapid.SliceOfN(genName.Filter(canBe), 0, 3).Draw(t, "identities")
		perms := rapid.Int32Range(1, acl.All).Draw(t, "permissions")
		if server, judge := (acl.Rules{}).Permits(list, perms, ids), reference.Grants(list, perms, ids); server != judge {
			t.Fatalf("the server permits %t, the judge grants %t", server, judge)
		}
		stored, ok := acl.Fixup(list, ids)
		want, sensible := reference.Stored(list, ids)
		if ok != sensible || ok && !slices.Equal(stored, want) {
			t.Fatalf("the server stores %v (%t), the judge expects %v (%t)", stored, ok, want, sensible)
		}
		if !(acl.Rules{}).Permits(list, acl.Admin, ids) && !slices.Equal(acl.Masked(list), reference.Shown(list, ids)) {
			t.Fatalf("the server shows %v, the judge expects %v", acl.Masked(list), reference.Shown(list, ids))
		}
	})
}
