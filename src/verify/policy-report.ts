// SPDX-License-Identifier: MIT

/** What policies are about. */
export type PolicyKind =
  | "links"
  | "architecture"
  | "present"
  | "absent"
  | "stripped"
  | "library-precedence"
  | "privileges"
  | "owners"
  | "dangling-links"
  | "world-writable"
  | "configuration"
  | "environment"
  | "parity"
  | "provenance"
  | "size";

/** What breaks a policy. */
export type PolicyFindingCode =
  /** Nothing is where a link was expected. */
  | "link-missing"
  /** A symbolic link leads nowhere. */
  | "dangling-link"
  /** A link leads to a path that is not there. */
  | "link-dangling"
  /** As `link-dangling`, and this machine has something at that path. */
  | "link-host-only"
  /** There are more links than a kernel follows. */
  | "link-loop"
  /** A link ends elsewhere than expected. */
  | "link-wrong-end"
  /** A link ends right, and does not lead over a path that it has to. */
  | "link-wrong-way"
  /** A file in a tree is for another machine than the tree. */
  | "tree-wrong-architecture"
  /** There is nothing where a tree was expected. */
  | "tree-missing"
  /** A tree has no ELF object, so that nothing was compared. */
  | "tree-without-objects"
  /** A path that has to be there is not. */
  | "path-missing"
  /** It is there, and is something else: a file for a directory, … */
  | "path-wrong-type"
  /** Fewer paths match a pattern than have to. */
  | "paths-too-few"
  /** A file without a byte, or a directory without a file that has one. */
  | "path-empty"
  /** A path that must not be there is. */
  | "path-forbidden"
  /** An ELF object still has the symbols that `strip` removes. */
  | "not-stripped"
  /** A directory of libraries is not in `ld.so.conf`. */
  | "library-directory-unlisted"
  /** A directory of libraries comes after others that it has to come before. */
  | "library-directory-late"
  /** The loader's cache has a library of another directory first. */
  | "library-shadowed"
  /** A file has more privileges than who starts it (setuid, setgid, capabilities), and is not in the inventory. */
  | "privilege-extra"
  /** A path belongs to somebody else. */
  | "wrong-owner"
  /** Everybody may write to it. */
  | "world-writable"
  /** The configuration lacks a setting, or has another. */
  | "wrong-setting"
  /** A directory of the PATH is not there. */
  | "search-path-missing"
  /** What the configuration starts is not there. */
  | "command-missing"
  /** It is there and can't be executed. */
  | "command-not-executable"
  /** A variable of the environment is absent, or has another value. */
  | "wrong-variable"
  /** A variable of the environment is there that must not be. */
  | "variable-forbidden"
  /** A path is there for one architecture, and not for another. */
  | "parity-differs"
  /** The image does not record where it comes from. */
  | "provenance-missing"
  /** The image, a layer or a tree is larger than its budget. */
  | "size-exceeded"
  /** A pattern of the policy matched nothing, so that nothing was compared. */
  | "nothing-matched"
  /** An exemption that exempts nothing. */
  | "exemption-unused"
  /** The configuration has no policies for the architecture of the image. */
  | "no-policies";
