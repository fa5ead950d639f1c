package usage

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// settings are what is said of a client.
type settings map[string]string

// wrote follows the znodes that say something of clients.
func (c *Checker) wrote(path string, data []byte) {
	below, ok := strings.CutPrefix(path, "/config/")
	words := strings.Split(below, "/")
	if !ok || len(words)%2 != 0 || words[0] != "users" && words[0] != "clients" {
		return
	}
	var j struct{ Config settings }
	if json.Unmarshal(data, &j) != nil {
		j.Config = nil
	}
	c.said[below] = append(c.said[below], j.Config)
}

// everybody is all of whom nothing particular is said.
const everybody = "<default>"

// pathOf is where something is said of a client; "" is nobody in particular.
func pathOf(user, application string) string {
	name := func(s string) string {
		if s == everybody {
			return s
		}
		return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	}
	path := ""
	if user != "" {
		path = "users/" + name(user)
	}
	if application != "" {
		path += "/clients/" + name(application)
	}
	return strings.TrimPrefix(path, "/")
}

// quotaOf looks up what applies to a client, the most particular first, and whose use is
// counted together with its own; limit is 0 if nothing applies.
func (m *member) quotaOf(key, user, application string) (account string, limit int64) {
	for _, users := range []string{user, everybody, ""} {
		for _, applications := range []string{application, everybody, ""} {
			limit := rateOf(key, m.says[pathOf(users, applications)][key])
			if limit == 0 {
				continue
			}
			whose := [2]string{}
			if users != "" {
				whose[0] = user
			}
			if applications != "" {
				whose[1] = application
			}
			return key + " of " + whose[0] + "/" + whose[1], limit
		}
	}
	return "", 0
}

// rateOf reads a quota: in bytes a second, in microseconds of handling a second, of which a
// percent is ten thousand, or in thousandths of partitions a second.
func rateOf(key, text string) int64 {
	whole, rest, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+(rest + "000")[:3], 10, 64)
	if err != nil || whole == "" {
		return 0
	}
	switch key {
	case "request_percentage":
		return n * 10
	case "controller_mutation_rate":
		return n
	}
	return n / 1000
}
