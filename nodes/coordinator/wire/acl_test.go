package wire

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestACLSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := many(t, 3, func(t *rapid.T) ACL {
			return ACL{
				Perms:  genInt32.Draw(t, "perms"),
				Scheme: rapid.StringMatching(`[a-z]{1,6}`).Draw(t, "scheme"),
				ID:     rapid.StringMatching(`[a-z:=+/]{0,8}`).Draw(t, "id"),
			}
		})
		got, err := ParseACL(FormatACL(list))
		if err != nil || !slices.Equal(got, list) {
			t.Fatalf("%v became %v (%v)", list, got, err)
		}
	})
}

func TestNoACLIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"world":                "want scheme:id:perms",
		"world:31":             "want scheme:id:perms",
		"world:anyone:all":     "permissions are a number",
		"world:anyone:31,,x:y": "want scheme:id:perms",
	} {
		if _, err := ParseACL(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want …%s…", text, err, want)
		}
	}
}
