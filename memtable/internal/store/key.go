package store

import (
	"crypto/md5"
	"encoding/binary"
)

// A key is a partition, then sort parts, then whatever makes it unique. A partition begins with a hash, so
// that the order of all keys scatters partitions evenly and for good; its parts follow, each of which ends
// by itself, so that no partition is a prefix of another.

// HashLen is the number of bytes of a hash.
const HashLen = 8

// AppendHash appends the hash of values. It orders partitions as the service's scans do, given the bytes
// that the service hashes.
func AppendHash(dst []byte, values ...string) []byte {
	var buf [256]byte
	text := append(buf[:0], "Outliers"...)
	for _, v := range values {
		text = append(text, v...)
	}
	sum := md5.Sum(text)
	return append(dst, sum[:HashLen]...)
}

// AppendPart appends bytes so that parts order as the bytes do and end by themselves.
func AppendPart(dst []byte, value string) []byte {
	dst = AppendPrefix(dst, value)
	return append(dst, 0, 0)
}

// AppendPrefix appends what all parts have in common whose bytes begin with value.
func AppendPrefix(dst []byte, value string) []byte {
	for i := range len(value) {
		if dst = append(dst, value[i]); value[i] == 0 {
			dst = append(dst, 0xFF)
		}
	}
	return dst
}

// Prefixed returns the range of all keys that begin with prefix.
func Prefixed(prefix []byte) Range {
	return Range{From: string(prefix), Until: string(After(prefix))}
}

// After returns the smallest key above all keys that begin with prefix; empty if there is none.
func After(prefix []byte) []byte {
	out := append([]byte(nil), prefix...)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]++; out[i] != 0 {
			return out[:i+1]
		}
	}
	return nil
}

// Segment returns the range of keys whose partition falls into one of total segments, counted from 0.
func Segment(segment, total uint64) Range {
	bound := func(i uint64) string {
		if i == 0 || i == total {
			return ""
		}
		step := ^uint64(0)/total + 1 // rounded up, so that total*step reaches beyond the last hash
		return string(binary.BigEndian.AppendUint64(nil, i*step))
	}
	return Range{From: bound(segment), Until: bound(segment + 1)}
}
