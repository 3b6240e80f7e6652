package scan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A command is a log that a program prints: one that runs for as long as the
// scan, or, if its text names $CURSOR or $SINCE, one that is run again and again.
type command struct {
	feed
	dir, text string
	cursor    []step
	began     string // $SINCE
	stop      context.CancelFunc
	done      sync.WaitGroup
}

// again finds the variables that tell a repeated run where to go on.
var again = regexp.MustCompile(`\$\{?(?:CURSOR|SINCE)\b`)

// openCommand starts the command of l in dir. A repeated one is run once, so that
// a command that does not work is an error before anything is sent.
func openCommand(ctx context.Context, dir string, l LogSource) (source, error) {
	ctx, stop := context.WithCancel(ctx)
	c := &command{dir: dir, text: l.Cmd, cursor: l.Cursor, began: time.Now().UTC().Format(time.RFC3339), stop: stop}
	if again.MatchString(l.Cmd) {
		p := &repeated{command: c}
		if err := p.once(ctx); err != nil {
			stop()
			return nil, err
		}
		c.done.Go(func() { p.repeat(ctx) })
		return p, nil
	}
	cmd := c.prepare(ctx, "")
	cmd.Stdout, cmd.Stderr = &c.feed, &c.feed // programs such as docker logs use both
	if err := cmd.Start(); err != nil {
		stop()
		return nil, err
	}
	c.done.Go(func() {
		err := cmd.Wait()
		reap(cmd)
		if ctx.Err() == nil {
			c.fail(ended(err, c.lastWords()))
		}
	})
	return c, nil
}

// prepare makes a process that ends, with all its children, when ctx does.
func (c *command) prepare(ctx context.Context, cursor string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", c.text)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "CURSOR="+cursor, "SINCE="+c.began)
	cmd.WaitDelay = 2 * time.Second
	group(cmd)
	return cmd
}

func (c *command) close() {
	c.stop()
	c.done.Wait()
}

func (c *command) tellsPast() {}

// lastWords is what the command said last: usually why it ended.
func (c *command) lastWords() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rest := strings.TrimSpace(string(c.cut.partial)); rest != "" || len(c.lines) == 0 {
		return rest
	}
	return strings.TrimSpace(c.lines[len(c.lines)-1])
}

// ended says how a command ended that should not have.
func ended(err error, words string) error {
	how := "the command ended"
	if err != nil {
		how = "the command ended: " + err.Error()
	}
	if words != "" {
		how += ": " + fmt.Sprintf("%q", clip(plainText(words), 120))
	}
	return errors.New(how)
}

// repeatEvery is the pause between two runs of a repeated command, at least.
const repeatEvery = 200 * time.Millisecond

// A repeated command gives the log from a place on: behind the entry that
// $CURSOR names, which its own output told, or since the scan began, $SINCE.
type repeated struct {
	*command
	place string // of the next run
	seen  int    // lines of an output that always begins at $SINCE
}

func (p *repeated) asOf() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.moment
}

func (p *repeated) repeat(ctx context.Context) {
	for sleep(ctx, repeatEvery) {
		began := time.Now()
		if err := p.once(ctx); err != nil {
			if ctx.Err() == nil {
				p.fail(err)
			}
			return
		}
		if !sleep(ctx, 2*time.Since(began)) { // a slow command is not run all the time
			return
		}
	}
}

// once runs the command and keeps what is new.
func (p *repeated) once(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	began := time.Now()
	var out feed
	cmd := p.prepare(ctx, p.place)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	reap(cmd)
	if rest := out.rest(); rest != "" {
		out.add([]string{rest})
	}
	lines, _, failed := out.read()
	if failed != nil {
		return failed
	}
	if err != nil {
		words := ""
		if len(lines) > 0 {
			words = lines[len(lines)-1]
		}
		return ended(err, words)
	}
	p.add(p.news(lines))
	p.current(began)
	return nil
}

// news takes the cursor out of an output, and gives what no run has given before.
func (p *repeated) news(lines []string) []string {
	told := ""
	kept := lines[:0:0]
	for _, l := range lines {
		if place, ok := strings.CutPrefix(l, "-- cursor: "); ok { // journalctl --show-cursor
			told = place
			continue
		}
		if strings.HasPrefix(l, "-- No entries --") {
			continue
		}
		kept = append(kept, l)
	}
	path := p.cursor
	if path == nil {
		path = []step{{name: "__CURSOR"}} // journalctl -o json
	}
	for i := len(kept) - 1; i >= 0 && told == ""; i-- {
		told = jsonValue([]byte(kept[i]), path)
	}
	if told != "" || p.place != "" {
		if told != "" {
			p.place = told
		}
		return kept
	}
	if len(kept) < p.seen { // cut short, or rotated
		p.seen = 0
	}
	fresh := kept[p.seen:]
	p.seen = len(kept)
	return fresh
}
