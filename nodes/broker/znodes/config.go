package znodes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// EncodeConfig writes the configuration of an entity.
func EncodeConfig(config map[string]string) []byte {
	o := object{}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		o = append(o, field{key, config[key]})
	}
	return encode(object{{"version", 1}, {"config", o}})
}

// DecodeConfig reads the configuration of an entity; path is for errors. No content is
// no configuration.
func DecodeConfig(path string, data []byte) (map[string]string, error) {
	config := map[string]string{}
	if len(data) == 0 {
		return config, nil
	}
	j := struct {
		Config *map[string]string `json:"config"`
	}{&config}
	if err := decode(path, data, &j); err != nil {
		return nil, err
	}
	return config, nil
}

// Entity is whose configuration has changed.
type Entity struct{ Type, Name string }

// EncodeConfigChange writes a notification, version 2.
func EncodeConfigChange(e Entity) []byte {
	return encode(object{{"version", 2}, {"entity_path", e.Type + "/" + e.Name}})
}

// EncodeConfigPath writes a notification about an entity by its path below [Config],
// "users/U/clients/C".
func EncodeConfigPath(path string) []byte {
	return encode(object{{"version", 2}, {"entity_path", path}})
}

// DecodeConfigChange reads a notification of version 1 or 2; path is for errors. The
// name of a client of a user is all that follows the type, "users/U/clients/C".
func DecodeConfigChange(path string, data []byte) (Entity, error) {
	var j struct {
		Version int    `json:"version"`
		Path    string `json:"entity_path"`
		Type    string `json:"entity_type"`
		Name    string `json:"entity_name"`
	}
	if err := decode(path, data, &j); err != nil {
		return Entity{}, err
	}
	switch j.Version {
	case 1:
		return Entity{j.Type, j.Name}, nil
	case 2:
		if kind, name, ok := strings.Cut(j.Path, "/"); ok {
			return Entity{kind, name}, nil
		}
		return Entity{}, fmt.Errorf("znodes: %s names entity %q; want TYPE/NAME", path, j.Path)
	}
	return Entity{}, fmt.Errorf("znodes: %s is a change of version %d; 1 and 2 are known", path, j.Version)
}
