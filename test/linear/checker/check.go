package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

func sortBy[T any, K cmp.Ordered](list []T, key func(T) K) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// byKey splits the operations: keys are independent of each other, so that each is judged alone.
func byKey(operations []*operation) (keys []string, parts map[string][]*operation) {
	parts = map[string][]*operation{}
	for _, one := range operations {
		if parts[one.key] == nil {
			keys = append(keys, one.key)
		}
		parts[one.key] = append(parts[one.key], one)
	}
	slices.Sort(keys)
	return keys, parts
}

// porcupines is what porcupine is given of one key.
func porcupines(operations []*operation, endNs int64) []porcupine.Operation {
	values := seenValues(operations)
	list := make([]porcupine.Operation, 0, len(operations))
	for _, one := range operations {
		in := input{operation: one}
		returnNs := one.returnNs
		if one.result == nil {
			// It may still come at any time, unless somebody has read it: then it had come.
			returnNs = endNs + 1
			if one.op == "set" {
				in.seenRevision = values[one.value].revision
				if byNs := values[one.value].byNs; byNs > one.callNs {
					returnNs = byNs
				}
			}
		}
		list = append(list, porcupine.Operation{
			ClientId: one.process, Input: in, Call: one.callNs, Return: returnNs,
			Metadata: fmt.Sprintf("operation %d, asked of %s", one.id, one.node),
		})
	}
	return list
}

// prefix is the history as it stood at atNs: what began later is left out, what was under way has no answer yet.
func prefix(operations []*operation, atNs int64) []*operation {
	list := []*operation{}
	for _, one := range operations {
		if one.callNs > atNs {
			continue
		}
		if one.result != nil && one.returnNs > atNs {
			if one.op == "get" {
				continue
			}
			open := *one
			open.result = nil
			one = &open
		}
		list = append(list, one)
	}
	return list
}

// refutedBy finds the answer before which the history of this key could still be explained. A part of an explainable
// history is explainable, so it can be bisected.
func refutedBy(operations []*operation, endNs int64, deadline time.Time) (*operation, []*operation) {
	answers := []*operation{}
	for _, one := range operations {
		if one.result != nil {
			answers = append(answers, one)
		}
	}
	sortBy(answers, func(one *operation) int64 { return one.returnNs })
	low, high := 0, len(answers)-1
	for low < high {
		middle := (low + high) / 2
		part := porcupines(prefix(operations, answers[middle].returnNs), endNs)
		if porcupine.CheckOperationsTimeout(model, part, left(deadline)) == porcupine.Illegal {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return answers[high], prefix(operations, answers[high].returnNs)
}

// left is never 0, which porcupine would take for "no limit".
func left(deadline time.Time) time.Duration {
	return max(time.Millisecond, time.Until(deadline))
}

func draw(operations []*operation, h *history, deadline time.Time, file string) error {
	_, info := porcupine.CheckOperationsVerbose(model, porcupines(operations, h.endNs), left(deadline))
	notes := make([]porcupine.Annotation, 0, len(h.faults))
	for _, one := range h.faults {
		notes = append(notes, porcupine.Annotation{Tag: "faults", Start: one.atNs, Description: one.what})
	}
	info.AddAnnotations(notes)
	return porcupine.VisualizePath(model, info, file)
}
