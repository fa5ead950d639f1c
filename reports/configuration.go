package reports

import (
	"fmt"
	"strings"

	"github.com/stampede-sim/stampede/nodes/broker/config"
	"github.com/stampede-sim/stampede/nodes/coordinator/zoocfg"
)

// Configuration shows a ZooKeeper configuration that makes sense: what it says, what of
// it means nothing here, and the knobs that runs on such an ensemble have.
func Configuration(name string, f *zoocfg.File, knobs []string) string {
	var b strings.Builder
	if f.Ensemble() {
		fmt.Fprintf(&b, "%s: server %d of %d\n", name, f.Config.Sid, len(f.Servers))
	} else {
		fmt.Fprintf(&b, "%s: a server that stands alone\n", name)
	}
	var ignored []string
	for _, s := range f.Ignored {
		ignored = append(ignored, s.Key+"="+s.Value)
	}
	text := f.String()
	if f.Dynamic != "" {
		text += f.Members()
	}
	section(&b, "settings", strings.Split(strings.TrimSuffix(text, "\n"), "\n"))
	section(&b, "ignored, as a simulated server has no use for them", ignored)
	section(&b, "knobs", knobs)
	return b.String()
}

// section writes lines under a title, if there are any.
func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", line)
	}
}

// BrokerConfiguration shows a configuration of Kafka that makes sense, what looks wrong in
// it, what of it means nothing here, what it leaves as it is by default, and the knobs that
// runs on such brokers have.
func BrokerConfiguration(name string, f *config.File, knobs []string, byRun func(key string) bool) string {
	var b strings.Builder
	values := f.Values()
	fmt.Fprintf(&b, "%s: a broker\n", name)
	section(&b, "looks wrong", f.Warnings)
	var settings, ignored, defaults []string
	var decided []string
	for _, p := range f.Set {
		if byRun(p.Name) {
			decided = append(decided, p.Name+"="+p.Value)
		} else {
			settings = append(settings, p.Name+"="+p.Value)
		}
	}
	for _, p := range f.Ignored {
		ignored = append(ignored, fmt.Sprintf("%s=%s: %s", p.Name, p.Value, p.Why))
	}
	for _, k := range config.Brokers.Keys() {
		for _, older := range k.Older {
			if _, said := values[k.Name]; said {
				values[older.Name] = "" // says nothing any more
			}
		}
	}
	for _, k := range config.Brokers.Keys() {
		if _, said := values[k.Name]; !said && k.Use == config.Works && !k.Null && !byRun(k.Name) {
			defaults = append(defaults, fmt.Sprintf("%s=%s", k.Name, k.Default))
		}
	}
	section(&b, "settings", settings)
	section(&b, "checked, and decided by the run instead", decided)
	section(&b, "ignored, as a simulated broker has no use for them", ignored)
	section(&b, "left as they are by default, where no knob says otherwise", defaults)
	section(&b, "knobs", knobs)
	return b.String()
}
