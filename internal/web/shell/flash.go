package shell

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

const flashCookie = "flash"

// flashMax keeps the cookie under what browsers accept.
const flashMax = 3000

// Flash keeps a notice for the page the browser is sent to next.
func Flash(w http.ResponseWriter, r *http.Request, kind, text string) {
	list := append(kept(w, r), Notice{Kind: kind, Text: text})
	data, err := json.Marshal(list)
	if err != nil || len(data) > flashMax {
		return // a notice is a courtesy; the action itself stands
	}
	setCookie(w, r, flashCookie, base64.RawURLEncoding.EncodeToString(data), 60)
}

// kept are the notices that the browser will have: those that it sent, or those that this answer sets already.
func kept(w http.ResponseWriter, r *http.Request) []Notice {
	list := flashes(r)
	for _, c := range (&http.Response{Header: w.Header()}).Cookies() {
		if c.Name == flashCookie {
			list = notices(c)
		}
	}
	return list
}

func flashes(r *http.Request) []Notice {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	return notices(c)
}

func notices(c *http.Cookie) []Notice {
	data, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	var list []Notice
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	return list
}

// takeFlash gives the kept notices and forgets them.
func takeFlash(w http.ResponseWriter, r *http.Request) []Notice {
	list := flashes(r)
	if list != nil {
		setCookie(w, r, flashCookie, "", -1)
	}
	return list
}
