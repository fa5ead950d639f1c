package history

import "strings"

// SettingChange is one change of a configuration, as the arguments of a [SetConfig] or a
// [SetBroker] have it: "retention.ms=5" sets a key, "retention.ms!=" takes back what was
// said of it, "cleanup.policy+=compact" appends to a list and "cleanup.policy-=compact"
// subtracts from one.
type SettingChange struct {
	Key, Value string
	// Op is one of = ! + -.
	Op byte
}

// ReadChanges reads the arguments of a change of a configuration: words with a dot in
// their names. validate, the word validate=1, says that it is only asked whether they
// would be allowed.
func ReadChanges(args string) (changes []SettingChange, validate bool) {
	for _, word := range strings.Fields(args) {
		name, value, ok := strings.Cut(word, "=")
		switch {
		case !ok:
		case word == "validate=1":
			validate = true
		case strings.Contains(name, "."):
			c := SettingChange{name, value, '='}
			if last := name[len(name)-1]; strings.IndexByte("!+-", last) >= 0 {
				c.Key, c.Op = name[:len(name)-1], last
			}
			changes = append(changes, c)
		}
	}
	return changes, validate
}
