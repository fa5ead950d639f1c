package prep

import "strings"

// validPath reports whether a path names a node that could exist: absolute,
// without trailing slash, without empty, "." or ".." elements, without
// characters that cannot be shown.
func validPath(path string) bool {
	if path == "/" {
		return true
	}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return false
	}
	for element := range strings.SplitSeq(rest, "/") {
		if element == "" || element == "." || element == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(rest, unprintable)
}

// hasParent reports whether a path has a parent to look up at all. Creates and deletes
// miss that before they find fault with the rest of the name: "a/b" has no parent "a".
func hasParent(path string) bool {
	return strings.ContainsRune(path, '/') && !strings.ContainsRune(path, 0)
}

// unprintable names the characters ZooKeeper refuses. Those beyond the basic
// plane fall too, since it looks at UTF-16 units; so does malformed UTF-8, which
// reads as U+FFFD.
func unprintable(r rune) bool {
	return r <= 0x1f || r >= 0x7f && r <= 0x9f || r >= 0xd800 && r <= 0xf8ff || r >= 0xfff0
}
