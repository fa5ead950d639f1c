package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Check says what is wrong with a value, and what would be right. A key whose feature is
// not here takes its default alone.
func (k *Key) Check(value string) error {
	if err := k.check(value); err != nil {
		return err
	}
	if k.Use == Absent && k.Canonical(value) != k.Canonical(k.Default) {
		if k.Null {
			return fmt.Errorf("may not be set: %s", k.Why)
		}
		return fmt.Errorf("only %q is taken: %s", k.Default, k.Why)
	}
	return nil
}

func (k *Key) check(value string) error {
	value = strings.TrimSpace(value)
	switch k.Kind {
	case Boolean:
		if _, ok := parseBool(value); !ok {
			return fmt.Errorf("%q is neither true nor false", value)
		}
	case Int, Long:
		return k.checkNumber(value)
	case Double:
		return k.checkDouble(value)
	case List:
		for _, item := range Items(value) {
			if err := k.checkWord(item); err != nil {
				return err
			}
		}
		if k.Words != nil && len(Items(value)) == 0 {
			return fmt.Errorf("is empty; want some of %s", strings.Join(k.Words, ", "))
		}
	default:
		return k.checkWord(value)
	}
	return nil
}

func (k *Key) checkNumber(value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("%s is no %v; want %s", value, k.Kind, k.Allowed())
	case err != nil:
		return fmt.Errorf("%q is no whole number", value)
	case n < k.Least || n > k.Most:
		return fmt.Errorf("%d is out of range; want %s", n, k.Allowed())
	}
	return nil
}

// checkDouble goes by the text: no decision of a broker rests on a float.
func (k *Key) checkDouble(value string) error {
	mantissa, exponent, scaled := strings.Cut(strings.ToUpper(value), "E")
	whole, rest, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	if whole+rest == "" || strings.Trim(whole+rest, "0123456789") != "" {
		return fmt.Errorf("%q is no number", value)
	}
	if _, err := strconv.Atoi(exponent); scaled && err != nil {
		return fmt.Errorf("%q is no number", value)
	}
	if k.Least == math.MinInt64 {
		return nil
	}
	if n, ok := Permille(value); !ok || n < 1000*k.Least || n > 1000*k.Most {
		return fmt.Errorf("%s is out of range; want %s", value, k.Allowed())
	}
	return nil
}

func (k *Key) checkWord(word string) error {
	if k.Words != nil && !slices.Contains(k.Words, word) {
		return fmt.Errorf("%q is none of %s", word, strings.Join(k.Words, ", "))
	}
	return nil
}

// Allowed says what values are right, "" if nothing is known but the type.
func (k *Key) Allowed() string {
	least, most := k.Least, k.Most
	switch {
	case k.Words != nil && k.Kind == List:
		return "some of " + strings.Join(k.Words, ", ")
	case k.Words != nil:
		return "one of " + strings.Join(k.Words, ", ")
	case k.Kind == Boolean:
		return "true or false"
	case k.Kind != Int && k.Kind != Long && (k.Kind != Double || least == math.MinInt64):
		return ""
	case k.Kind == Int && most == math.MaxInt32, most == math.MaxInt64:
		return fmt.Sprintf("%d or more, as %v", least, k.Kind)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// Canonical is a value that has been checked as brokers show it: without the spaces
// around, numbers without leading zeros, lists without the spaces between.
func (k *Key) Canonical(value string) string {
	value = strings.TrimSpace(value)
	switch k.Kind {
	case Boolean:
		b, _ := parseBool(value)
		return strconv.FormatBool(b)
	case Int, Long:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
	case List:
		return strings.Join(Items(value), ",")
	}
	return value
}

// Items are the items of a list.
func Items(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// Permille reads a decimal number without an exponent as thousandths; further digits are
// cut off.
func Permille(value string) (int64, bool) {
	sign := int64(1)
	if rest, negative := strings.CutPrefix(value, "-"); negative {
		value, sign = rest, -1
	}
	whole, rest, _ := strings.Cut(value, ".")
	if strings.Trim(rest, "0123456789") != "" || whole+rest == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(rest + "000")[:3], 10, 53)
	return sign * int64(n), err == nil
}

// parseBool takes true and false in any case, as Java does, and nothing else.
func parseBool(value string) (is, ok bool) {
	switch strings.ToLower(value) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}
