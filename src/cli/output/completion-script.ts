// SPDX-License-Identifier: MIT

/** The script that makes a shell call `oci-kit __complete` to complete the word under the cursor. */
export function completionScript(shell: "bash" | "zsh" | "fish"): string {
  return SCRIPTS[shell];
}

// Bash splits words at colons, so the script removes everything up to the word's last colon from each completion.
const BASH = `# oci-kit completion for bash
_oci_kit() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line="\${COMP_LINE:0:COMP_POINT}"
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  local IFS=$'\\n'
  COMPREPLY=($(oci-kit __complete -- "\${words[@]:1}" 2>/dev/null))
  if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then
    local before="\${current%"\${current##*:}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
}
complete -o default -F _oci_kit oci-kit
`;

const ZSH = `#compdef oci-kit
# oci-kit completion for zsh
_oci_kit() {
  local -a found
  found=("\${(@f)$(oci-kit __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -Q -- "\${found[@]}"; else _files; fi
}
if [ "$funcstack[1]" = "_oci_kit" ]; then _oci_kit "$@"; else compdef _oci_kit oci-kit; fi
`;

const FISH = `# oci-kit completion for fish
function __oci_kit_complete
  set -l words (commandline -opc) (commandline -ct)
  oci-kit __complete -- $words[2..-1] 2>/dev/null
end
complete -c oci-kit -a '(__oci_kit_complete)'
`;

const SCRIPTS = Object.freeze({ bash: BASH, zsh: ZSH, fish: FISH });
