package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatACL renders a list as scheme:id:perms, joined by commas: the form in which
// plans and histories hold it.
func FormatACL(list []ACL) string {
	var entries []string
	for _, a := range list {
		entries = append(entries, a.Scheme+":"+a.ID+":"+strconv.Itoa(int(a.Perms)))
	}
	return strings.Join(entries, ",")
}

// ParseACL reads what [FormatACL] writes, as long as no scheme holds a colon and no
// id a comma. An id may hold colons.
func ParseACL(text string) ([]ACL, error) {
	var list []ACL
	if text == "" {
		return nil, nil
	}
	for _, entry := range strings.Split(text, ",") {
		scheme, rest, ok := strings.Cut(entry, ":")
		i := strings.LastIndexByte(rest, ':')
		if !ok || i < 0 {
			return nil, fmt.Errorf("acl entry %q: want scheme:id:perms", entry)
		}
		perms, err := strconv.ParseInt(rest[i+1:], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("acl entry %q: permissions are a number, 31 for all", entry)
		}
		list = append(list, ACL{Perms: int32(perms), Scheme: scheme, ID: rest[:i]})
	}
	return list, nil
}
