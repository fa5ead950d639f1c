package broker

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stampede-sim/stampede/nodes/broker/acl"
	"github.com/stampede-sim/stampede/nodes/broker/config"
)

// Each key that works sets a field, through itself or the one that supersedes it; and no
// field is set by a key that is said to do nothing.
func TestEveryKeyThatWorksSetsSomething(t *testing.T) {
	var older []string
	for _, k := range config.Brokers.Keys() {
		for _, o := range k.Older {
			older = append(older, o.Name)
		}
	}
	for _, k := range config.Brokers.Keys() {
		if works := settingOf(k.Name) != nil || slices.Contains(older, k.Name); works && k.Use != config.Works && !slices.Contains(older, k.Name) || !works && k.Use == config.Works {
			t.Errorf("%s: use %v, setting %v", k.Name, k.Use, works)
		}
	}
	for i := range settings {
		if config.Brokers.Lookup(settings[i].key) == nil {
			t.Errorf("%s is no key", settings[i].key)
		}
	}
}

// A broker that is told nothing goes by the defaults of the table, but for its place.
func TestDefaultsAreThoseOfTheTable(t *testing.T) {
	c := aConfig().withDefaults()
	for key, value := range c.statics() { //sim:unordered each for itself
		if s := settingOf(key); s.write != nil {
			t.Errorf("%s is %s where nothing is said", key, value)
		}
	}
}

// What is written is read back, and changes the configuration.
func TestSettingsAreReadBack(t *testing.T) {
	for i := range settings {
		s := &settings[i]
		if s.write == nil {
			continue
		}
		k := config.Brokers.Lookup(s.key)
		for _, value := range []string{"0", "1", "7", "-1", "true", "false", "compact,delete", "compact", "delete", "0.25", "1", "LogAppendTime", "CreateTime", "50000000", rackAware, config.Authorizer, "PLAIN,SCRAM-SHA-512", "User:a;User:b", "uncompressed", "zstd"} {
			c := aConfig().withDefaults()
			c.Access, c.SASL = &acl.Config{}, &SASLConfig{}
			if k.Check(value) != nil {
				continue
			}
			if s.write(&c, k.Canonical(value)); s.read(&c) != value {
				t.Errorf("%s is written as %s and read as %s", s.key, value, s.read(&c))
			}
		}
	}
}

// Every field of a configuration has its key, but for the place of the broker, what
// belongs to the harness, and who may do what.
func TestEveryFieldHasAKey(t *testing.T) {
	values := map[string]string{}
	for i := range settings {
		k := config.Brokers.Lookup(settings[i].key)
		for _, value := range []string{"29999", "97", "true", "false", "compact", "0.25", "LogAppendTime", rackAware, config.Authorizer, "PLAIN", "zstd", "3"} {
			if usual, _, _ := (&config.Layers{}).Value(k); settings[i].write != nil && value != usual && k.Check(value) == nil {
				values[k.Name] = value
				break
			}
		}
	}
	values["replica.fetch.wait.max.ms"] = "97"
	was := aConfig().withDefaults()
	was.SASL = &SASLConfig{} // as the listener decides
	is, err := was.Configured(values)
	if err != nil {
		t.Fatal(err)
	}
	same := unchanged(reflect.ValueOf(was), reflect.ValueOf(is), "")
	if want := []string{"ID", "Rack", "Hosts", "Coordinators", "Log.Bugs", "Groups.Partitions", "Groups.LoadStep", "Groups.Bugs", "Groups.TimerKind", "ChangeRetention", "FetchSessionIdle", "SessionlessFetches", "Principals", "Quotas", "Bugs"}; !slices.Equal(same, want) {
		t.Errorf("no key changes %v, want %v", same, want)
	}
	if again, err := was.Configured(map[string]string{"log.retention.hours": "2", "num.partitions": "3"}); err != nil || again.Log.RetentionMillis != 7200000 || again.Partitions != 3 {
		t.Errorf("%+v, %v", again.Log, err)
	}
	guarded, err := was.Configured(map[string]string{authorizerKey: config.Authorizer, "super.users": "User:a; User:b", "allow.everyone.if.no.acl.found": "true"})
	if want := (acl.Config{SuperUsers: []string{"User:a", "User:b"}, OpenByDefault: true}); err != nil || !reflect.DeepEqual(*guarded.Access, want) || was.Access != nil {
		t.Errorf("%+v, %v", guarded.Access, err)
	}
	if open, err := was.Configured(map[string]string{"super.users": "User:a"}); err != nil || open.Access != nil {
		t.Errorf("%+v is authorised by nothing, %v", open.Access, err)
	}
	for key, value := range map[string]string{"num.io.threads": "1", "no.such.key": "1", "num.partitions": "0"} {
		if _, err := was.Configured(map[string]string{key: value}); err == nil {
			t.Errorf("%s=%s is taken", key, value)
		}
	}
}

// unchanged names the fields that are equal.
func unchanged(a, b reflect.Value, prefix string) (names []string) {
	for i := range a.NumField() {
		name, x, y := prefix+a.Type().Field(i).Name, a.Field(i), b.Field(i)
		switch {
		case name == "Log", name == "Groups":
			names = append(names, unchanged(x, y, name+".")...)
		case reflect.DeepEqual(x.Interface(), y.Interface()):
			names = append(names, name)
		}
	}
	return names
}
