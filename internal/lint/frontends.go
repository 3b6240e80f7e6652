package lint

// frontends are the languages that we read.
var frontends = []frontend{}
