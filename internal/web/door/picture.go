package door

import (
	"net/http"
	"strconv"
)

// Picture answers with a JPEG that nothing may keep: when the consent to it ends, it must be nowhere.
func Picture(w http.ResponseWriter, b []byte) {
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Disposition", "inline")
	w.Write(b)
}
