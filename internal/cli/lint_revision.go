package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// maxBlob is the largest file that is taken out of a revision: lint reads none
// above 4 MiB.
const maxBlob = 4 << 20

// revision writes the files that a commit has below the folder root into dir, so
// that lint can be asked what it found then. It reads git's objects and changes
// nothing: no branch, no index, no work tree. Links and submodules are left out.
func revision(ctx context.Context, root, rev, dir string) error {
	if strings.HasPrefix(rev, "-") {
		return fmt.Errorf("%q: not a revision", rev)
	}
	tree, err := git(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{tree}")
	if err != nil {
		return fmt.Errorf("%q: no such revision here: %w", rev, err)
	}
	below, err := git(ctx, root, "rev-parse", "--show-prefix")
	if err != nil {
		return err
	}
	name := strings.TrimSpace(string(tree))
	if p := strings.TrimSuffix(string(below), "\n"); p != "" {
		name += ":" + strings.TrimSuffix(p, "/")
		if _, err := git(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", name); err != nil {
			return nil // the folder is newer than the revision: all in it is new
		}
	}
	list, err := git(ctx, root, "ls-tree", "-r", "-l", "-z", "--full-tree", name)
	if err != nil {
		return err
	}
	type blob struct{ object, file string }
	var blobs []blob
	for entry := range strings.SplitSeq(string(list), "\x00") {
		meta, file, ok := strings.Cut(entry, "\t") // mode type object size
		f := strings.Fields(meta)
		if !ok || len(f) != 4 || f[1] != "blob" || !strings.HasPrefix(f[0], "100") || !filepath.IsLocal(filepath.FromSlash(file)) {
			continue
		}
		if size, err := strconv.Atoi(f[3]); err != nil || size > maxBlob {
			continue
		}
		blobs = append(blobs, blob{f[2], file})
	}
	cmd := exec.CommandContext(ctx, "git", "cat-file", "--batch")
	cmd.Dir = root
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer in.Close()
		w := bufio.NewWriter(in)
		defer w.Flush()
		for _, b := range blobs {
			if _, err := fmt.Fprintln(w, b.object); err != nil {
				return // git ended; Wait says why
			}
		}
	}()
	r := bufio.NewReader(out)
	err = func() error {
		for _, b := range blobs {
			if err := take(r, filepath.Join(dir, filepath.FromSlash(b.file))); err != nil {
				return fmt.Errorf("%s of %s: %w", b.file, rev, err)
			}
		}
		return nil
	}()
	if err != nil {
		return errors.Join(err, cmd.Cancel(), cmd.Wait())
	}
	return cmd.Wait()
}

// take writes the next object that git cat-file prints.
func take(r *bufio.Reader, file string) error {
	head, err := r.ReadString('\n') // object type size
	if err != nil {
		return err
	}
	f := strings.Fields(head)
	if len(f) != 3 {
		return fmt.Errorf("git says %.80q", strings.TrimSpace(head))
	}
	size, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, r, size)
	if err == nil {
		_, err = r.Discard(1)
	}
	return errors.Join(err, out.Close())
}

func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var talk bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stderr = dir, &talk
	out, err := cmd.Output()
	if said := strings.TrimSpace(talk.String()); err != nil && said != "" {
		return nil, errors.New("git: " + strings.TrimPrefix(said, "fatal: "))
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}
