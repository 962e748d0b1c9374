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
}

// input is an operation, with what the rest of the history tells about it.
type input struct {
	*operation
	// Of the value that this set writes, as its own answer or a reader saw it; 0: nobody did.
	seenRevision int64
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
	if in.result == nil {
		return r.stepUnobserved(in)
	}
	switch result := in.result; result.Kind {
	case "value":
		return r.present && r.value == result.Value && r.is(result.Revision), r.known(result.Revision)
	case "absent":
		return !r.present, r
	case "conflict":
		return *in.expect != result.Revision && r.is(result.Revision), r.known(result.Revision)
	default:
		if in.expect != nil {
			if !r.is(*in.expect) {
				return false, r
			}
			r = r.known(*in.expect)
		} else if in.op == "delete" && !r.present {
			return false, r
		}
		return result.Revision > r.revision, written(in, result.Revision, true)
	}
}

// stepUnobserved takes a write without an answer: it does whatever it can do now. Had it no effect at all, then it may
// as well be the last of all. An expected revision was seen with its value (revisions.go), so that of a value that
// nobody saw is another one.
func (r register) stepUnobserved(in input) (bool, register) {
	fits := in.expect == nil && (in.op == "set" || r.present)
	if in.expect != nil {
		fits = r.is(*in.expect) && (r.exact || !r.present)
	}
	if in.seenRevision > 0 {
		return fits && in.seenRevision > r.revision, written(in, in.seenRevision, true)
	}
	if !fits {
		return true, r
	}
	return true, written(in, r.revision+1, false)
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
