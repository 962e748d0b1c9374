package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// register is one key: a value with a revision, or nothing. Every change has a revision above all before it.
type register struct {
	present bool
	value   string
	// Of the present value, or of the deletion; where it is not exact, at least this.
	revision int64
	// Whether the revision is known. It is not after a write whose answer was lost and that nobody has read.
	exact bool
	// What the last operation must have been good for (see useless).
	owes debt
	// Nothing takes effect any more.
	over bool
}

// debt is left by a write of which no answer and no reader tells.
type debt uint8

const (
	none debt = iota
	// It put a value where there was one.
	replaced
	// It put a value where there was none.
	created
	// It deleted a value.
	deleted
)

// input is an operation, with what the rest of the history tells about it.
type input struct {
	*operation
	// Of the value that this set writes, as its own answer or a reader saw it; 0: nobody did.
	seenRevision int64
	// Of a conflict: nobody has seen the value with this revision.
	unseen bool
	// The end of the history, and no operation: whatever had no effect until then comes after it.
	end bool
}

// is tells whether the present revision may be this one.
func (r register) is(revision int64) bool {
	if !r.present {
		return revision == 0
	}
	if r.exact {
		return revision == r.revision
	}
	return revision >= r.revision
}

// known is the register after somebody has seen that its revision is this one.
func (r register) known(revision int64) register {
	if r.present {
		r.revision, r.exact = revision, true
	}
	return r
}

// step says whether the operation can take effect now with what it observed, and what is then.
func (r register) step(in input) (bool, register) {
	if r.useless(in) {
		return false, r
	}
	r.owes = none
	switch {
	case in.end:
		r.over = true
		return true, r
	case in.result == nil:
		return r.stepUnobserved(in)
	}
	switch result := in.result; result.Kind {
	case "value":
		return r.present && r.value == result.Value && r.is(result.Revision), r.known(result.Revision)
	case "absent":
		return !r.present, r
	case "conflict":
		fits := r.is(result.Revision) && (r.exact || !r.present || in.unseen)
		return fits && *in.expect != result.Revision, r.known(result.Revision)
	default:
		return r.permits(in) && result.Revision > r.revision, written(in, result.Revision, true)
	}
}

// useless tells whether the write before this operation can be left for after the end: it is no answer's and no
// reader's, and this operation comes out the same, with the same register after it, or could only have done so, without
// it. Such orders need not be tried, which otherwise are as many as there are subsets of such writes. What such a
// write can be good for: its revision is the one that a conflict names; what it put there is deleted; or it made room
// for an operation that finds nothing.
func (r register) useless(in input) bool {
	conflict := in.result != nil && in.result.Kind == "conflict"
	switch r.owes {
	case none:
		return false
	case deleted:
		creates := in.op == "set" && in.expect != nil && *in.expect == 0 && !conflict
		findsNothing := in.result != nil && (in.result.Kind == "absent" || (conflict && in.result.Revision == 0))
		return in.end || !(creates || findsNothing)
	case created:
		deletes := in.op == "delete" && in.result != nil && in.result.Kind == "written"
		return in.end || !(conflict || deletes)
	default:
		return in.end || !conflict
	}
}

// permits tells whether a write takes effect now. An expected revision was seen with its value (revisions.go), so that
// of a value that nobody saw is another one.
func (r register) permits(in input) bool {
	if in.expect == nil {
		return in.op == "set" || r.present
	}
	return r.is(*in.expect) && (r.exact || !r.present)
}

// stepUnobserved takes a write without an answer. Had it no effect, then it comes after the end.
func (r register) stepUnobserved(in input) (bool, register) {
	if r.over {
		return true, r
	}
	fits := r.permits(in)
	if in.seenRevision > 0 {
		return fits && in.seenRevision > r.revision, written(in, in.seenRevision, true)
	}
	next := written(in, r.revision+1, false)
	switch {
	case in.op == "delete":
		next.owes = deleted
	case r.present:
		next.owes = replaced
	default:
		next.owes = created
	}
	return fits, next
}

func written(in input, revision int64, exact bool) register {
	if in.op == "delete" {
		return register{revision: revision}
	}
	return register{present: true, value: in.value, revision: revision, exact: exact}
}

func (r register) String() string {
	sign := ""
	if !r.exact {
		sign = "≥"
	}
	if !r.present {
		return fmt.Sprintf("absent since ≥%d", r.revision)
	}
	return fmt.Sprintf("%s at %s%d", r.value, sign, r.revision)
}

func (in input) String() string {
	if in.end {
		return "the end"
	}
	text := in.op
	if in.op == "set" {
		text += " " + in.value
	}
	if in.expect != nil {
		text += fmt.Sprintf(" if %d", *in.expect)
	}
	if in.result == nil {
		return text + " → ?"
	}
	return fmt.Sprintf("%s → %s %s %d", text, in.result.Kind, in.result.Value, in.result.Revision)
}

var model = porcupine.Model{
	Init: func() interface{} { return register{} },
	Step: func(state, in, _ interface{}) (bool, interface{}) {
		ok, next := state.(register).step(in.(input))
		return ok, next
	},
	DescribeOperation: func(in, _ interface{}) string { return in.(input).String() },
	DescribeState:     func(state interface{}) string { return state.(register).String() },
	DescribeOperationMetadata: func(metadata interface{}) string {
		return metadata.(string)
	},
}
