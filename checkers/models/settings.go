package models

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/stampede-sim/stampede/checkers/history"
)

// unsaid is the state of a key of which nothing is said.
const unsaid = ""

// listDefaults are the lists that may be appended to, with what they are if nothing is
// said: to append to that is to append to the default.
var listDefaults = map[string]string{"cleanup.policy": "delete"}

// settingInput is a change of one key, or what is said of it in the end.
type settingInput struct {
	key, value string
	// op is one of = ! + -, or ? for the read.
	op byte
	// unsure: nobody knows whether the change was refused.
	unsure bool
}

func (in *settingInput) String() string {
	switch in.op {
	case '?':
		return fmt.Sprintf("in the end %s is %q", in.key, in.value)
	case '!':
		return "nothing is said of " + in.key
	}
	return fmt.Sprintf("%s %c %s", in.key, in.op, in.value)
}

// settingRegister is one key of the configuration of a topic, a broker or all brokers.
var settingRegister = describe(porcupine.Model{
	Init: func() any { return unsaid },
	Step: func(state, input, _ any) (bool, any) {
		s, in := state.(string), input.(*settingInput)
		items := strings.Split(listDefaults[in.key], ",")
		if s != unsaid {
			items = strings.Split(s, ",")
		}
		switch in.op {
		case '?':
			return s == in.value, s
		case '!':
			return true, unsaid
		case '+':
			for _, item := range strings.Split(in.value, ",") {
				if !slices.Contains(items, item) {
					items = append(items, item)
				}
			}
		case '-':
			gone := strings.Split(in.value, ",")
			if items = slices.DeleteFunc(items, func(item string) bool { return slices.Contains(gone, item) }); len(items) == 0 {
				return in.unsure, s // of no policy at all a topic cannot be
			}
		default:
			items = []string{in.value}
		}
		return true, strings.Join(items, ",")
	},
	Equal: func(a, b any) bool { return a == b },
})

// Settings judges what operators say of topics and brokers, key by key: what is said when
// all has settled is what some order of the changes comes to. A change that was refused,
// or that was only tried, changes nothing. What is read before is left out: the coordinator
// of a broker may be behind.
func Settings(h *history.History, budget *Budget) []Result {
	end, bags := endOf(h), map[string]*bag{}
	changed, final := map[string][]string{}, map[string]*history.Op{}
	for i := range h.Ops {
		op := &h.Ops[i]
		entity, changes := whose(op)
		if changes && op.Log != nil {
			list, validate := history.ReadChanges(op.Log.Args)
			for _, c := range list {
				if !slices.Contains(changed[entity], c.Key) {
					changed[entity] = append(changed[entity], c.Key)
				}
				if op.Outcome != history.Fail && !validate {
					in := &settingInput{key: c.Key, value: c.Value, op: c.Op, unsure: op.Outcome == history.Info}
					bagOf(bags, c.Key+" of "+entity).add(op, in, ending(op, end))
				}
			}
		} else if entity != "" && op.Final && op.Outcome == history.OK {
			final[entity] = op
		}
	}
	for entity, op := range final { //sim:unordered a bag has one final read
		says := map[string]string{}
		for _, word := range op.Log.Says {
			key, value, _ := strings.Cut(word, "=")
			says[key] = value
			if !slices.Contains(changed[entity], key) {
				changed[entity] = append(changed[entity], key)
			}
		}
		for _, key := range changed[entity] {
			bagOf(bags, key+" of "+entity).add(op, &settingInput{key: key, value: says[key], op: '?'}, ending(op, end))
		}
	}
	return searchAll(bags, "setting", settingRegister, budget)
}

// whose is the entity that an operation is about, and whether it changes something there.
func whose(op *history.Op) (entity string, changes bool) {
	switch op.F {
	case history.SetConfig, history.Describe:
		return "topic " + op.Path, op.F == history.SetConfig
	case history.SetBroker, history.DescribeBroker:
		return "broker " + op.Path, op.F == history.SetBroker
	}
	return "", false
}
