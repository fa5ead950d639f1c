package acl

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/stampede-sim/stampede/nodes/bugs"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
)

// The example of the ZooKeeper documentation.
func TestDigestIsTheOneThatZooKeeperMakes(t *testing.T) {
	for credentials, want := range map[string]string{ //sim:unordered each by itself
		"super:test":  "super:D/InIHSb7yEEbrWz8b9l71RjZJU=",
		"user1:12345": "user1:+owfoSBn/am19roBPzR1/MfCblE=",
	} {
		if got := Digest(credentials); got != want {
			t.Errorf("%s: %s, want %s", credentials, got, want)
		}
	}
}

func list(entries ...string) (out []wire.ACL) {
	for _, e := range entries {
		acl, err := wire.ParseACL(e)
		if err != nil {
			panic(err)
		}
		out = append(out, acl...)
	}
	return out
}

func id(scheme, name string) wire.Identity { return wire.Identity{Scheme: scheme, ID: name} }

func TestPermits(t *testing.T) {
	alice := id("digest", "alice:h")
	at := func(address string) wire.Identity { return id("ip", address) }
	for _, c := range []struct {
		name  string
		list  []wire.ACL
		perms int32
		ids   []wire.Identity
		want  bool
	}{
		{"nobody in particular reads what is open", list("world:anyone:1"), Read, nil, true},
		{"and writes it not", list("world:anyone:1"), Write, nil, false},
		{"one of two permissions is enough", list("world:anyone:16"), Read | Admin, nil, true},
		{"an empty list is open", nil, Admin, nil, true},
		{"world is nobody but anyone", list("world:someone:31"), Read, []wire.Identity{id("world", "someone")}, false},
		{"alice herself", list("digest:alice:h:31"), Admin, []wire.Identity{at("10.0.0.1"), alice}, true},
		{"alice with another password", list("digest:alice:h:31"), Admin, []wire.Identity{id("digest", "alice:g")}, false},
		{"a name in another scheme", list("digest:alice:h:31"), Admin, []wire.Identity{id("x509", "alice:h")}, false},
		{"a second entry of the same name", list("digest:alice:h:1", "digest:alice:h:2"), Write, []wire.Identity{alice}, true},
		{"the super user", list("digest:alice:h:31"), Delete, []wire.Identity{Superuser}, true},
		{"the super user and an empty entry", list("ip:10.0.0.1:0"), Delete, []wire.Identity{Superuser}, true},
		{"an address", list("ip:10.0.0.1:31"), Read, []wire.Identity{at("10.0.0.1")}, true},
		{"its neighbour", list("ip:10.0.0.1:31"), Read, []wire.Identity{at("10.0.0.0")}, false},
		{"a range", list("ip:10.0.0.9/30:31"), Read, []wire.Identity{at("10.0.0.11")}, true},
		{"beyond the range", list("ip:10.0.0.9/30:31"), Read, []wire.Identity{at("10.0.0.12")}, false},
		{"everywhere", list("ip:1.2.3.4/0:31"), Read, []wire.Identity{at("200.0.0.1")}, true},
		{"another version", list("ip:::/0:31"), Read, []wire.Identity{at("10.0.0.1")}, false},
		{"version 6", list("ip:fe80::/10:31"), Read, []wire.Identity{at("fe81::1")}, true},
		{"a certificate", list("x509:CN=a:31"), Read, []wire.Identity{id("x509", "CN=a")}, true},
		{"the super user of sasl", list("sasl:bob:31"), Read, []wire.Identity{id("sasl", "super")}, true},
		{"auth is no identity", list("auth::31"), Read, []wire.Identity{alice, id("auth", "")}, false},
	} {
		if got := (Rules{}).Permits(c.list, c.perms, c.ids); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
		if !(Rules{Skip: true}).Permits(c.list, c.perms, c.ids) {
			t.Errorf("%s: not permitted although nothing is to be checked", c.name)
		}
	}
}

func TestFixup(t *testing.T) {
	me := []wire.Identity{id("ip", "10.0.0.1"), id("digest", "me:h"), Superuser, id("x509", "CN=me")}
	for _, c := range []struct {
		name       string
		list, want []wire.ACL
		ids        []wire.Identity
	}{
		{"as it is", list("world:anyone:1", "digest:a:h:31"), list("world:anyone:1", "digest:a:h:31"), nil},
		{"no entry twice", list("world:anyone:1", "ip:::1:2", "world:anyone:1"), list("world:anyone:1", "ip:::1:2"), nil},
		{"auth is whoever asks, not where from", list("auth::3", "world:anyone:1"), list("digest:me:h:3", "x509:CN=me:3", "world:anyone:1"), me},
		{"auth of nobody in particular", list("auth::3"), nil, me[:1]},
		{"nothing", nil, nil, me},
		{"a hash is missing", list("digest:me:1"), nil, me},
		{"an empty hash", list("digest:me::1"), nil, me},
		{"no user", list("digest::h:1"), list("digest::h:1"), me},
		{"a colon at the end", list("digest:me:h::1"), list("digest:me:h::1"), me},
		{"a colon too many", list("digest:me:h:i:1"), nil, me},
		{"no address", list("ip:localhost:1"), nil, me},
		{"a range", list("ip:10.0.0.0/8:1"), list("ip:10.0.0.0/8:1"), me},
		{"too long a range", list("ip:10.0.0.0/33:1"), nil, me},
		{"a scheme unheard of", list("kerberos:me:1"), nil, me},
		{"super is not for lists", list("super::31"), nil, me},
		{"world but not anyone", list("world:someone:1"), nil, me},
		{"one bad entry spoils all", list("world:anyone:31", "digest:me:1"), nil, me},
		{"a distinguished name", list("x509:CN=a:1"), list("x509:CN=a:1"), me},
		{"no distinguished name", list("x509:a:1"), nil, me},
		{"a principal", list("sasl:bob/host@REALM:1"), list("sasl:bob/host@REALM:1"), me},
		{"no principal", list("sasl:bob@a@b:1"), nil, me},
	} {
		got, ok := Fixup(c.list, c.ids)
		if ok != (c.want != nil) || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v %t, want %v", c.name, got, ok, c.want)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	r := Rules{Super: Digest("super:secret")}
	for _, c := range []struct {
		scheme, credentials string
		want                []wire.Identity
	}{
		{"digest", "me:mine", []wire.Identity{id("digest", Digest("me:mine"))}},
		{"digest", "super:secret", []wire.Identity{Superuser, id("digest", Digest("super:secret"))}},
		{"digest", "super:guess", []wire.Identity{id("digest", Digest("super:guess"))}},
		{"ip", "8.8.8.8", []wire.Identity{id("ip", "10.0.0.3")}},
		{"x509", "CN=root", nil},
		{"sasl", "super", nil},
		{"super", "", nil},
		{"world", "anyone", nil},
		{"", "", nil},
	} {
		got, ok := r.Authenticate(c.scheme, c.credentials, "10.0.0.3")
		if ok != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %v %t", c.scheme, c.credentials, got, ok)
		}
	}
	if got, _ := (Rules{}).Authenticate("digest", "", ""); slices.Contains(got, Superuser) {
		t.Error("without a super user anybody may be it")
	}
}

func TestMergeKeepsWhatIsOnItsWay(t *testing.T) {
	have := make([]wire.Identity, 1, 4)
	have[0] = id("ip", "10.0.0.1")
	a := Merge(have, []wire.Identity{id("digest", "a:h"), have[0]})
	b := Merge(have, []wire.Identity{id("digest", "b:h")})
	if len(a) != 2 || len(b) != 2 || a[1].ID != "a:h" || b[1].ID != "b:h" {
		t.Errorf("%v and %v share memory", a, b)
	}
}

func TestWhatOthersSee(t *testing.T) {
	shown := list("digest:a:h:31", "world:anyone:1", "x509:CN=a:b:1")
	if got, want := Masked(shown), list("digest:a:x:31", "world:anyone:1", "x509:CN=a:b:1"); !slices.Equal(got, want) {
		t.Errorf("masked %v", got)
	}
	if shown[0].ID != "a:h" {
		t.Error("masking changed the list itself")
	}
	who := Clients([]wire.Identity{id("ip", "::1"), id("digest", "a:h"), Superuser, id("x509", "CN=a")})
	want := []wire.ClientInfo{{Scheme: "ip", User: "::1"}, {Scheme: "digest", User: "a"}, {Scheme: "super"}, {Scheme: "x509", User: "CN=a"}}
	if !slices.Equal(who, want) {
		t.Errorf("clients %v", who)
	}
}

// Ranges of addresses against those of the standard library.
func TestRangesMatchTheirTwin(t *testing.T) {
	version4 := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("10.0.%d.%d", rapid.IntRange(0, 3).Draw(t, "c"), rapid.Byte().Draw(t, "d"))
	})
	version6 := rapid.SampledFrom([]string{"::", "::1", "fe80::1", "fe80::", "1:2:3:4:5:6:7:8", "1::8", "1:2::", "fe80:0:0:0:1::2"})
	address := rapid.OneOf(version4, version6)
	rapid.Check(t, func(t *rapid.T) {
		base, bits, other := address.Draw(t, "base"), rapid.IntRange(0, 32).Draw(t, "bits"), address.Draw(t, "other")
		rng := fmt.Sprintf("%s/%d", base, bits)
		want := netip.MustParsePrefix(rng).Contains(netip.MustParseAddr(other))
		if got := (Rules{}).within(other, rng); got != want {
			t.Fatalf("%s within %s: %t", other, rng, got)
		}
		off := (Rules{Bugs: bugs.Of(bugs.AddressMaskOffByOne)}).within(other, rng)
		if want := netip.MustParsePrefix(fmt.Sprintf("%s/%d", base, max(bits-1, 0))).Contains(netip.MustParseAddr(other)); off != want {
			t.Fatalf("%s within %s, one bit less: %t", other, rng, off)
		}
	})
}

func TestAddressesAreReadAsZooKeeperDoes(t *testing.T) {
	for text, want := range map[string]bool{ //sim:unordered each by itself
		"10.0.0.1": true, "10.0.0.256": false, "10.0.0": false, "10.0.0.1.": false, "": false, "a.b.c.d": false,
		"::": true, "1::2::3": false, ":::": false, "1:2:3:4:5:6:7:8": true, "1:2:3:4:5:6:7": false, "1:2:3:4:5:6:7:8:9": false,
		"1:2:3:4:5:6:7::8": false, "1:2:3:4:5:6::8": true, "12345::": false, "g::": false, "::ffff:1.2.3.4": false, "fe80::1/129": false,
		"10.0.0.1/-1": false, "10.0.0.1/": false, "10.0.0.1/x": false, "::1/128": true,
	} {
		if got := validRange(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
