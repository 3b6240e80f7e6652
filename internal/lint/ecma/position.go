package ecma

import "slices"

// Position turns an offset into a line and a column, both from 1, the column in
// bytes. Lines end as in JavaScript: LF, CR, CRLF, U+2028, U+2029. The first
// question of a file takes a pass over its text.
func (f *File) Position(offset int) (line, column int) {
	if f.lines == nil {
		f.lines = lineStarts(f.Source)
	}
	i, exact := slices.BinarySearch(f.lines, int32(offset))
	if !exact {
		i--
	}
	return i + 1, offset - int(f.lines[i]) + 1
}

// Position of the node's first byte.
func (n Node) Position() (line, column int) {
	if n.file == nil {
		return 0, 0
	}
	return n.file.Position(n.Start())
}

func lineStarts(s string) []int32 {
	starts := []int32{0}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
		case '\n':
		case 0xE2:
			if !separator(s[i:]) {
				continue
			}
			i += 2
		default:
			continue
		}
		starts = append(starts, int32(i+1))
	}
	return starts
}
