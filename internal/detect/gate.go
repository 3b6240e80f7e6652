package detect

// A gate remembers roughly how often each of very many keys happened, in fixed
// memory: a count-min sketch with conservative update, each key within one cache
// line, in two generations, the current and the previous window. As long as there
// are fewer than 4 keys to a counter of a row it errs by one or two. It decides
// who gets an exact cell when there are more keys than cells, so that invented
// keys can neither grow memory nor push out a slow abuser. Keys arrive as seeded
// hashes: nobody outside can craft ones that share counters.
type gate struct {
	window int64
	size   int         // bytes of both generations
	gen    [2][]uint64 // current, previous; nibbles, 8 words to a key; nil until needed
	index  int64
	keys   int64 // met for the first time in the current generation
	noise  int64 // running mean of what was found of a key before it was added, in 256ths
}

const gateMax = 15

// add counts a key and gives its bound over both generations, less what any key
// would have: while there is a flood of new keys, the usual bound of a key before
// it is added is what others left in its counters.
func (g *gate) add(h uint64, weight, now int64) int64 {
	g.rotate(now)
	if g.gen[0] == nil {
		words := g.size / 2 / 64 * 8
		g.gen = [2][]uint64{make([]uint64, words), make([]uint64, words)}
	}
	block := int(h >> 32 * uint64(len(g.gen[0])/8) >> 32)
	count := func(words []uint64) uint64 {
		least := uint64(gateMax)
		for row := range 4 {
			word, shift := nibble(h, row)
			least = min(least, words[block*8+word]>>shift&gateMax)
		}
		return least
	}
	before := count(g.gen[0])
	if before == 0 {
		g.keys++
	}
	after := min(before+uint64(min(weight, gateMax)), gateMax)
	for row := range 4 {
		word, shift := nibble(h, row)
		w := &g.gen[0][block*8+word]
		if *w>>shift&gateMax < after {
			*w = *w&^(gateMax<<shift) | after<<shift
		}
	}
	bound := int64(after + count(g.gen[1]))
	floor := (g.noise + 128) / 256
	g.noise += ((bound-min(bound, weight))*256 - g.noise) / 1024
	return bound - min(floor, bound)
}

func nibble(h uint64, row int) (word int, shift uint64) {
	n := h >> (5 * row) & 31
	return row*2 + int(n>>4), n & 15 * 4
}

// rotate makes the current generation the previous one when its window is over.
func (g *gate) rotate(now int64) {
	index := now / g.window
	if index <= g.index {
		return
	}
	if g.gen[0] != nil {
		g.gen[0], g.gen[1] = g.gen[1], g.gen[0]
		clear(g.gen[0])
		if index > g.index+1 {
			clear(g.gen[1])
		}
	}
	g.index, g.keys = index, 0
}

// full reports whether more keys came than can be told apart.
func (g *gate) full() bool { return g.keys > int64(len(g.gen[0])/8)*128 }
