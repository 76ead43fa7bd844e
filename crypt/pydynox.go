package crypt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// How pydynox stores a text: ENC: and base64 of a version, the length of the
// wrapped key in two bytes, the wrapped key, the nonce, the ciphertext and the tag.
// See https://github.com/ferrumio/pydynox
var pydynoxPrefix = []byte("ENC:")

const pydynoxVersion = 1

func isPydynox(text []byte) bool { return bytes.HasPrefix(text, pydynoxPrefix) }

// parsePydynox takes such a text apart. The head is one that no envelope of this
// package has, so that data keys are told apart.
func parsePydynox(text []byte) (e envelope, err error) {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, text[len(pydynoxPrefix):])
	if err != nil || len(b) < 3 || b[0] != pydynoxVersion {
		return e, errPydynox
	}
	key := 3 + int(binary.BigEndian.Uint16(b[1:]))
	if key == 3 || len(b) < key+nonceSize+tagSize {
		return e, errPydynox
	}
	head := append([]byte{0}, b[3:key]...)
	return envelope{head: head, wrapped: head[1:], sealed: b[key:]}, nil
}

const errPydynox = openError("no text that pydynox encrypted")
