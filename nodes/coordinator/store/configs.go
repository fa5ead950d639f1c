package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/membership"
	"github.com/stampede-sim/stampede/nodes/coordinator/wire"
	"github.com/stampede-sim/stampede/nodes/node"
)

// Names of the files that hold configurations: the active one bears its version,
// in hexadecimal digits; NextConfig is one that may follow it.
const (
	configPrefix = "zoo.cfg.dynamic."
	NextConfig   = configPrefix + "next"
)

// LoadConfigs reads the active configuration, the one of the highest version, and
// the one that may follow it; nil where there is none.
func LoadConfigs(d node.Disk) (active, next *membership.Config, err error) {
	var newest wire.Zxid = -1
	for _, v := range configVersions(d) {
		newest = max(newest, v)
	}
	if newest >= 0 {
		if active, err = loadConfig(d, configName(newest)); err != nil {
			return nil, nil, err
		}
	}
	next, err = loadConfig(d, NextConfig)
	return active, next, err
}

func loadConfig(d node.Disk, name string) (*membership.Config, error) {
	text, ok := d.Read(name)
	if !ok {
		return nil, nil
	}
	c, err := membership.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", name, err)
	}
	return c, nil
}

func configName(version wire.Zxid) string {
	return configPrefix + strconv.FormatInt(int64(version), 16)
}

// configVersions lists those of the files of active configurations.
func configVersions(d node.Disk) []wire.Zxid {
	var out []wire.Zxid
	for _, name := range d.List() {
		hex, ok := strings.CutPrefix(name, configPrefix)
		if v, err := strconv.ParseInt(hex, 16, 64); ok && err == nil {
			out = append(out, wire.Zxid(v))
		}
	}
	return out
}

// SaveNextConfig makes a configuration durable that may come to be active.
func SaveNextConfig(t *node.Task, d node.Disk, c *membership.Config) error {
	return saveConfig(t, d, NextConfig, c)
}

// SaveActiveConfig makes a configuration durable as the active one. The older ones go
// only then; a crash that brings one back changes nothing, as the newest counts.
func SaveActiveConfig(t *node.Task, d node.Disk, c *membership.Config) error {
	if err := saveConfig(t, d, configName(c.Version), c); err != nil {
		return err
	}
	for _, v := range configVersions(d) {
		if v < c.Version {
			if err := d.Remove(configName(v)); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
	}
	return nil
}

func saveConfig(t *node.Task, d node.Disk, name string, c *membership.Config) error {
	if err := d.WriteFile(name+temporary, []byte(c.String())); err != nil {
		return fmt.Errorf("store: save %s: %w", name, err)
	}
	return publish(t, d, name)
}
