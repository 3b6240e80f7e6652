package guard

import (
	"net/http"
	"net/url"
	"strings"
)

// canonicalURL gives an http or https URL without query and fragment and in the
// form of RFC 3986 sections 6.2.2 and 6.2.3, so that two spellings of one
// resource are equal (RFC 9449 section 4.3). It gives "" for what is no such URL.
func canonicalURL(raw string) string {
	raw, _, _ = strings.Cut(raw, "#")
	raw, _, _ = strings.Cut(raw, "?")
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return ""
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	default:
		return ""
	}
	if host = strings.TrimSuffix(host, ":"); host == "" || strings.IndexByte(host, '%') >= 0 {
		return "" // nobody's name, or an address with a zone, which means something on one machine alone
	}
	return scheme + "://" + host + canonicalPath(u.EscapedPath())
}

// canonicalPath decodes what need not be encoded, writes the rest in upper case,
// and takes out dot segments. A double slash stays: it is a segment.
func canonicalPath(path string) string {
	if strings.IndexByte(path, '%') >= 0 {
		path = canonicalEscapes(path)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == "..":
			kept = kept[:max(len(kept)-1, 0)]
		case s != ".":
			kept = append(kept, s)
			continue
		}
		if last {
			kept = append(kept, "") // what a dot segment at the end leaves is a directory
		}
	}
	return "/" + strings.Join(kept, "/")
}

// canonicalEscapes is RFC 3986 section 6.2.2.1 and 6.2.2.2. Every percent sign of
// an escaped path has two digits behind it.
func canonicalEscapes(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		if c := unhex(path[i+1])<<4 | unhex(path[i+2]); alphabet[c] || c == '.' || c == '~' {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToUpper(path[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// requestURL is the URL of a request as its client addressed it, as far as
// Config.Binding tells: the path is the one on the request line, which no
// handler has rewritten.
func (b *binding) requestURL(r *http.Request) string {
	if b.url != nil {
		return b.url(r)
	}
	path := r.URL.EscapedPath()
	if line := r.RequestURI; strings.HasPrefix(line, "/") {
		path, _, _ = strings.Cut(line, "?")
	} else if u, err := url.Parse(line); err == nil && u.IsAbs() {
		path = u.EscapedPath() // as proxies are asked, and tests ask
	}
	switch {
	case b.base != "":
		return b.base + path
	case r.TLS != nil:
		return "https://" + r.Host + path
	}
	return "http://" + r.Host + path
}
