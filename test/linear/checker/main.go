// Judges whether a history of settings operations (NDJSON, test/linear/history.ts) is linearizable, with porcupine.
// Prints one JSON object. Exit code 0: it is; 1: it is not, or that could not be decided in time; 2: it is no history.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type report struct {
	OK bool `json:"ok"`
	// linearizable, refuted or undecided
	Verdict    string  `json:"verdict"`
	Reason     string  `json:"reason,omitempty"`
	Key        string  `json:"key,omitempty"`
	Operations int     `json:"operations"`
	Unknown    int     `json:"unknown"`
	Keys       int     `json:"keys"`
	Seconds    float64 `json:"seconds"`
	HTML       string  `json:"html,omitempty"`
}

func main() {
	html := flag.String("html", "", "where to draw a history that is refuted")
	seconds := flag.Int("seconds", 120, "to decide in, at most")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: checker [-html FILE] [-seconds N] HISTORY.ndjson")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || *seconds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	h, err := load(flag.Arg(0))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", flag.Arg(0), err)
		os.Exit(2)
	}
	r, err := judge(h, time.Duration(*seconds)*time.Second, *html)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		os.Exit(2)
	}
	if !r.OK {
		os.Exit(1)
	}
}

func load(path string) (*history, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	h, err := readHistory(file)
	if err != nil {
		return nil, err
	}
	return h, checkable(h)
}

func judge(h *history, limit time.Duration, html string) (report, error) {
	started := time.Now()
	deadline := started.Add(limit)
	keys, parts := byKey(h.operations)
	r := report{Verdict: "linearizable", Operations: h.total, Unknown: h.unknown, Keys: len(keys)}
	var err error
	for _, key := range keys {
		result := porcupine.CheckOperationsTimeout(model, porcupines(parts[key], h.endNs), left(deadline))
		if result == porcupine.Ok {
			continue
		}
		r.Key = key
		if result == porcupine.Unknown {
			r.Verdict, r.Reason = "undecided", fmt.Sprintf("not decided within %v", limit)
			break
		}
		// Finding out what is wrong has as much time again.
		deadline = time.Now().Add(limit)
		by, part := refutedBy(parts[key], h.endNs, deadline)
		r.Verdict = "refuted"
		r.Reason = fmt.Sprintf("no order explains operation %d: %v", by.id, input{operation: by})
		if html != "" {
			r.HTML = html
			err = draw(part, h, deadline, html)
		}
		break
	}
	if r.Verdict == "linearizable" {
		if fault := orderFault(h.operations); fault != "" {
			r.Verdict, r.Reason = "refuted", fault
		}
	}
	r.OK = r.Verdict == "linearizable"
	r.Seconds = time.Since(started).Seconds()
	return r, err
}
