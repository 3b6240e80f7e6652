package detect

import "github.com/jotsight/jotsight/guard/event"

// evidence remembers which events the live cells have counted: a ring of the
// newest, in which each points to the one before it of the same key. Only keys
// that have a cell get in.
type evidence struct {
	ring []proof
	next uint32 // counts all that were added; 0 is none
}

type proof struct {
	Hash uint64
	At   int64
	ID   event.ID
	Prev uint32
}

const proofs = 1 << 14

// add remembers an event and gives the link for the next of its key.
func (v *evidence) add(h uint64, at int64, id event.ID, prev uint32) uint32 {
	if id.IsZero() {
		return prev
	}
	v.next++
	if v.next == 0 {
		v.next = 1
	}
	p := proof{h, at, id, prev}
	if int(v.next%proofs) < len(v.ring) {
		v.ring[v.next%proofs] = p
	} else {
		// The ring starts small; place 0 is met only once it is whole.
		for len(v.ring) <= int(v.next%proofs) {
			v.ring = append(v.ring, proof{})
		}
		v.ring[v.next%proofs] = p
	}
	return v.next
}

// since lists the ids of a key's events that are not before first, the oldest
// first, MaxEvents at most: the newest are kept.
func (v *evidence) since(h uint64, link uint32, first int64) []string {
	var ids []string
	for link != 0 && len(ids) < MaxEvents && v.next-link < proofs && int(link%proofs) < len(v.ring) {
		p := v.ring[link%proofs]
		if p.Hash != h {
			break
		}
		if p.At >= first {
			ids = append(ids, p.ID.String())
		}
		link = p.Prev
	}
	for i, j := 0, len(ids)-1; i < j; i, j = i+1, j-1 {
		ids[i], ids[j] = ids[j], ids[i]
	}
	return ids
}
