package crypt

import (
	"errors"

	"github.com/dynox-go/dynox/internal/core"
)

// Why a value cannot be had, for errors.Is.
var (
	// ErrSealed: the field is [WriteOnly].
	ErrSealed = errors.New("sealed: the field is write-only")
	// ErrOpen: an envelope does not open: it, or what it is bound to, was changed,
	// or no key of the keyring has wrapped its data key. It will not open by trying
	// again.
	ErrOpen = errors.New("does not open")
	// ErrNotSealed: what is stored is no envelope. [ReadPlaintext] and [ReadPydynox]
	// take other values, too.
	ErrNotSealed = errors.New("is not encrypted")
)

// Why an envelope does not open.
var (
	errEnvelope = openError("no envelope of a known version")
	errAltered  = openError("it was altered, or belongs to another attribute, item, scope or context")
	errOtherKey = openError("a key that the keyring does not have wrapped its data key")
	errContent  = openError("it holds no value")
)

// openError is an [ErrOpen], and says more.
type openError string

func (e openError) Error() string        { return ErrOpen.Error() + ": " + string(e) }
func (e openError) Is(target error) bool { return target == ErrOpen }

// KeyError is a data key that could not be had. The error of the service's client
// is in the chain; its text may tell names, and is no part of this one's. One that
// says that the wrapped key, or its context, is not what it was is an [ErrOpen]
// too.
type KeyError struct {
	Service string // KMS
	Call    string // GenerateDataKey or Decrypt
	Err     error  // of the client

	refused bool // for good
}

// errAnswer is the error of a call that did not fail.
var errAnswer = errors.New("the service's answer names no key")

func (e *KeyError) Error() string {
	if e.Err == errAnswer { //nolint:errorlint // that very error
		return e.Service + " " + e.Call + ": " + e.Err.Error()
	}
	return e.Service + " " + e.Call + ": " + (&core.ServiceError{Cause: e.Err}).Error()
}

// Unwrap is the error of the client.
func (e *KeyError) Unwrap() error { return e.Err }

// Is makes a KeyError an [ErrOpen] if the service does not open the wrapped key.
func (e *KeyError) Is(target error) bool { return e.refused && target == ErrOpen }
