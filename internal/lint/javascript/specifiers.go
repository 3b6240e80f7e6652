package javascript

import "strings"

// specifiers lists what a source may import, without parsing it: every string behind
// import, from, require( and import(. What stands in a comment is listed too; only
// which files matter depends on it. The flag says that some name is made at run time.
func specifiers(s string) (list []string, dynamic bool) {
	for i := 0; i < len(s); {
		n := strings.IndexAny(s[i:], "'\"`(")
		if n < 0 {
			break
		}
		i += n
		c := s[i]
		word := wordBefore(s, i)
		if c == '(' {
			if word == "require" || word == "import" {
				if spec, ok := quoted(s, i+1); ok {
					list = append(list, spec)
				} else if word == "require" {
					dynamic = true
				}
			}
			i++
			continue
		}
		if word == "from" || word == "import" {
			if spec, ok := quoted(s, i); ok {
				list = append(list, spec)
				i += len(spec) + 1
			}
		}
		i++
	}
	return list, dynamic
}

// wordBefore is the word that ends before i, white space apart.
func wordBefore(s string, i int) string {
	end := i
	for end > 0 && end > i-64 && (s[end-1] == ' ' || s[end-1] == '\t' || s[end-1] == '\n' || s[end-1] == '\r') {
		end--
	}
	start := end
	for start > 0 && end-start < 8 && s[start-1] >= 'a' && s[start-1] <= 'z' {
		start--
	}
	return s[start:end]
}

// quoted reads the string at i, behind white space and one comment.
func quoted(s string, i int) (string, bool) {
	skip := func() {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
			i++
		}
	}
	skip()
	for n := 0; n < 4 && strings.HasPrefix(s[i:], "/*"); n++ {
		end := strings.Index(s[i:min(len(s), i+1000)], "*/")
		if end < 0 {
			return "", false
		}
		i += end + 2
		skip()
	}
	if i >= len(s) || s[i] != '\'' && s[i] != '"' && s[i] != '`' {
		return "", false
	}
	rest := s[i+1 : min(len(s), i+300)]
	end := strings.IndexByte(rest, s[i])
	if end <= 0 || strings.ContainsAny(rest[:end], "\n$\\") {
		return "", false
	}
	return rest[:end], true
}
