package main

import "fmt"

// seen is what the history as a whole tells about the values that were written.
type seen struct {
	revision int64
	// When somebody had surely read it.
	byNs int64
}

// seenValues collects the values that were answered or read, with their revisions.
func seenValues(operations []*operation) map[string]seen {
	values := map[string]seen{}
	for _, one := range operations {
		if one.result == nil {
			continue
		}
		value := one.value
		switch {
		case one.result.Kind == "value":
			value = one.result.Value
		case one.op != "set" || one.result.Kind != "written":
			continue
		}
		if _, known := values[value]; !known {
			values[value] = seen{one.result.Revision, one.returnNs}
		}
	}
	return values
}

// checkable refuses histories that the model would misjudge: it relies on every value being written once, and on
// clients that expect only revisions that they have seen together with their values.
func checkable(h *history) error {
	written := map[string]int{}
	known := map[int64]bool{}
	for _, one := range seenValues(h.operations) {
		known[one.revision] = true
	}
	for _, one := range h.operations {
		if r := one.result; r != nil && r.Kind == "value" {
			known[r.Revision] = true
		}
	}
	for _, one := range h.operations {
		if one.op == "set" {
			if other, twice := written[one.value]; twice {
				return fmt.Errorf("operations %d and %d both write %q: every value may be written once", other, one.id, one.value)
			}
			written[one.value] = one.id
		}
		if one.expect != nil && *one.expect > 0 && !known[*one.expect] {
			return fmt.Errorf("operation %d expects revision %d, which was never answered together with a value", one.id, *one.expect)
		}
	}
	return nil
}

// orderFault holds revisions against time, over all keys: they are the indexes of one log, so that a write that begins
// after an answer has a revision above that answer's, and no two writes have the same. "" if so.
func orderFault(operations []*operation) string {
	values := seenValues(operations)
	type edge struct {
		one  *operation
		call bool
	}
	edges := make([]edge, 0, 2*len(operations))
	// Calls first: of two edges at one time, it is the reading that asks less of the swarm.
	for _, one := range operations {
		edges = append(edges, edge{one, true})
	}
	for _, one := range operations {
		if one.result != nil {
			edges = append(edges, edge{one, false})
		}
	}
	at := func(e edge) int64 {
		if e.call {
			return e.one.callNs
		}
		return e.one.returnNs
	}
	sortBy(edges, at)
	highest := int64(0)
	var by *operation
	writers := map[int64]*operation{}
	for _, e := range edges {
		if !e.call {
			if r := e.one.result.Revision; r > highest {
				highest, by = r, e.one
			}
			continue
		}
		revision := int64(0)
		if r := e.one.result; r != nil && r.Kind == "written" {
			revision = r.Revision
		} else if r == nil && e.one.op == "set" {
			revision = values[e.one.value].revision
		}
		if revision == 0 {
			continue
		}
		if other := writers[revision]; other != nil {
			return fmt.Sprintf("operations %d and %d both made revision %d", other.id, e.one.id, revision)
		}
		writers[revision] = e.one
		if revision <= highest {
			return fmt.Sprintf("operation %d made revision %d after operation %d was answered with %d", e.one.id, revision, by.id, highest)
		}
	}
	return ""
}
