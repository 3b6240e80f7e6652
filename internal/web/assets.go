package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that pages load. The served name holds a hash of the
// content, so that browsers may keep a file for ever and never a stale one.
type assets struct {
	served map[string]asset  // by served name
	name   map[string]string // from file name to served name
}

type asset struct {
	kind    string
	content []byte
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func loadAssets() (assets, error) {
	a := assets{served: map[string]asset{}, name: map[string]string{}}
	list, err := assetFiles.ReadDir("assets")
	if err != nil {
		return a, fmt.Errorf("assets: %w", err)
	}
	for _, f := range list {
		content, err := assetFiles.ReadFile("assets/" + f.Name())
		if err != nil {
			return a, fmt.Errorf("assets: %w", err)
		}
		ext := path.Ext(f.Name())
		kind, ok := assetKinds[ext]
		if !ok {
			return a, fmt.Errorf("asset %s: no content type for %q", f.Name(), ext)
		}
		sum := sha256.Sum256(content)
		served := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.served[served] = asset{kind, content}
		a.name[f.Name()] = served
	}
	return a, nil
}

// url is where pages find a file. An unknown one is a bug of a template.
func (a assets) url(name string) (string, error) {
	served, ok := a.name[name]
	if !ok {
		return "", fmt.Errorf("asset %s: no such file", name)
	}
	return "/assets/" + served, nil
}

func (w *Web) asset(rw http.ResponseWriter, r *http.Request) {
	w.sendAsset(rw, r, r.PathValue("name"), "public, max-age=31536000, immutable")
}

func (w *Web) favicon(rw http.ResponseWriter, r *http.Request) {
	w.sendAsset(rw, r, w.assets.name["favicon.svg"], "public, max-age=86400")
}

func (w *Web) sendAsset(rw http.ResponseWriter, r *http.Request, served, cache string) {
	f, ok := w.assets.served[served]
	if !ok {
		w.notFound(rw, r)
		return
	}
	rw.Header().Set("Cache-Control", cache)
	rw.Header().Set("Content-Type", f.kind)
	rw.Header().Set("Content-Length", strconv.Itoa(len(f.content)))
	rw.Write(f.content)
}
