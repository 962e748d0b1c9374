package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

const (
	// One record; the harness writes some hundred bytes.
	lineBytesMax = 64 << 10
	// Porcupine keeps a bit per operation and state.
	operationsMax = 1_000_000
)

// record is one line of a history; which fields it has is its event's matter (test/linear/history.ts).
type record struct {
	Event   string  `json:"event"`
	ID      int     `json:"id"`
	Process int     `json:"process"`
	Node    string  `json:"node"`
	Key     string  `json:"key"`
	Op      string  `json:"op"`
	Value   string  `json:"value"`
	Expect  *int64  `json:"expect"`
	Result  *result `json:"result"`
	Reason  string  `json:"reason"`
	AtNs    int64   `json:"at_ns"`
}

// result is what an operation observed.
type result struct {
	Kind     string `json:"kind"` // value, absent, written, conflict
	Value    string `json:"value"`
	Revision int64  `json:"revision"`
}

// operation is a call with its end. Without a result it may take effect at any time after its call, or never.
type operation struct {
	id, process int
	node, key   string
	op, value   string
	// The revision to replace, 0: only if there is none; nil: whatever there is.
	expect           *int64
	result           *result
	callNs, returnNs int64
	ended            bool
}

// fault is what was done to the swarm, for the picture.
type fault struct {
	what string
	atNs int64
}

type history struct {
	// Without those that certainly had no effect, and without reads that observed nothing.
	operations []*operation
	faults     []fault
	total      int
	unknown    int
	endNs      int64
}

// readHistory refuses what is not a history, naming the line.
func readHistory(in io.Reader) (*history, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), lineBytesMax)
	h := &history{}
	calls := map[int]*operation{}
	all := []*operation{}
	failed := map[int]bool{}
	number := 0
	for lines.Scan() {
		number++
		var r record
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&r); err != nil {
			return nil, fmt.Errorf("line %d is not a record of a history: %w", number, err)
		}
		if r.AtNs < h.endNs {
			return nil, fmt.Errorf("line %d: at_ns %d is before the line above it", number, r.AtNs)
		}
		h.endNs = r.AtNs
		switch r.Event {
		case "fault":
			h.faults = append(h.faults, fault{r.Reason, r.AtNs})
		case "invoke":
			if calls[r.ID] != nil {
				return nil, fmt.Errorf("line %d: operation %d was invoked already", number, r.ID)
			}
			if len(all) == operationsMax {
				return nil, fmt.Errorf("line %d: more than %d operations", number, operationsMax)
			}
			if r.Key == "" || (r.Op != "get" && r.Op != "set" && r.Op != "delete") || (r.Op == "set") != (r.Value != "") {
				return nil, fmt.Errorf("line %d: an invocation has a key, an op (get, set, delete), and a value if it sets", number)
			}
			call := &operation{
				id: r.ID, process: r.Process, node: r.Node, key: r.Key, op: r.Op, value: r.Value,
				expect: r.Expect, callNs: r.AtNs,
			}
			calls[r.ID] = call
			all = append(all, call)
		case "ok", "fail", "unknown":
			call := calls[r.ID]
			if call == nil || call.ended {
				return nil, fmt.Errorf("line %d: operation %d is not under way", number, r.ID)
			}
			call.ended = true
			call.returnNs = r.AtNs
			failed[r.ID] = r.Event == "fail"
			if (r.Event == "ok") != (r.Result != nil) {
				return nil, fmt.Errorf("line %d: ok has a result, fail and unknown have none", number)
			}
			if r.Result != nil && !possible(call, r.Result) {
				return nil, fmt.Errorf("line %d: %s cannot end with %s", number, call.op, r.Result.Kind)
			}
			call.result = r.Result
		default:
			return nil, fmt.Errorf("line %d: event %q is none of invoke, ok, fail, unknown, fault", number, r.Event)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	h.total = len(all)
	for _, call := range all {
		if failed[call.id] {
			continue
		}
		if call.result == nil {
			h.unknown++
			if call.op == "get" {
				continue
			}
		}
		h.operations = append(h.operations, call)
	}
	return h, nil
}

// possible tells whether an operation of this kind can end with such a result at all.
func possible(call *operation, r *result) bool {
	switch r.Kind {
	case "value":
		return call.op == "get" && r.Value != "" && r.Revision > 0
	case "absent":
		return call.op == "get" || (call.op == "delete" && call.expect == nil)
	case "written":
		return call.op != "get" && r.Revision > 0
	case "conflict":
		return call.op != "get" && call.expect != nil && r.Revision >= 0
	}
	return false
}
