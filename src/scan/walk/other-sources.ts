/** @file Programs in languages that no functions are taken out of: a scan says that it passed them over. Names only. */
import { extname } from 'node:path';

const EXTENSIONS: ReadonlySet<string> = new Set(
  `.ada .adb .ads .asm .asp .aspx .astro .awk .bash .bat .bas .cl .clj .cljc .cljs .cmd .cob .cbl .coffee .cr .cshtml
  .cu .cuh .dart .ejs .elm .erb .erl .ex .exs .f .f03 .f08 .f77 .f90 .f95 .fs .fsx .gd .glsl .groovy .hack .hlsl
  .hrl .hs .hx .jl .jsp .jspx .ksh .lhs .lisp .lua .m .ml .mli .mm .move .nim .pas .pl .plsql .pm .ps1 .psm1 .purs
  .r .razor .s .scm .sh .sol .sql .svelte .sv .svh .swift .tcl .vala .vb .vbs .vhd .vhdl .vue .vy .wat .zig .zsh`
    .split(/\s+/)
    .filter((extension) => extension !== ''),
);

export function looksLikeSource(path: string): boolean {
  return EXTENSIONS.has(extname(path).toLowerCase());
}
