package event

import "strings"

// Own cuts every text and list of e to what the wire form takes, and copies it:
// afterwards e holds on to nothing but itself. For whoever keeps an event: the
// texts of one that was just made are slices of a request or a token, and as long
// as a client likes.
func (e *Event) Own() {
	for _, f := range fields {
		switch {
		case f.text != nil:
			s := f.text(e)
			*s = strings.Clone(Clip(*s, f.max))
		case f.list != nil:
			list := f.list(e)
			if len(*list) == 0 {
				continue
			}
			own := make([]string, min(len(*list), MaxValues))
			for i := range own {
				own[i] = strings.Clone(Clip((*list)[i], MaxClaim))
			}
			*list = own
		}
	}
}
