/** The reference page's style; its hash stands in the page's policy, so that no other style counts. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2128; --dim: #57606a; --paper: #ffffff; --panel: #f4f6f8; --line: #d5dae0;
  --accent: #0b5cad; --get: #1a7f4b; --post: #0b5cad; --put: #8a5a00; --delete: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7ec; --dim: #9aa5b1; --paper: #14181d; --panel: #1c2229;
  --line: #333c46; --accent: #7ab8ff; --get: #58c98b; --post: #7ab8ff; --put: #e0b252; --delete: #ff8d85; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); display: grid;
  grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem; background: var(--panel);
  border-right: 1px solid var(--line); font-size: .875rem; }
nav h2 { margin: 1.2rem 0 .3rem; font-size: .875rem; color: var(--dim); }
nav a { display: block; padding: .15rem .4rem; color: inherit; text-decoration: none; border-radius: 4px;
  overflow-wrap: anywhere; }
nav a:hover, nav a:focus-visible { background: var(--line); }
main { padding: 1.5rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 70rem; }
a { color: var(--accent); }
h1 { margin: 0 0 .5rem; font-size: 1.8rem; } h2 { margin: 3rem 0 0; font-size: 1.4rem; }
section.operation { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
h3 { margin: 0; font: 600 1.05rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
h4 { margin: 1.2rem 0 .4rem; font-size: .95rem; }
.method { font-weight: 700; } .GET { color: var(--get); } .POST { color: var(--post); } .PUT { color: var(--put); }
.DELETE { color: var(--delete); }
.role { color: var(--dim); font-size: .875rem; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; } code { background: var(--panel); padding: .1em .25em; border-radius: 3px; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto; }
pre code { padding: 0; background: none; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; } em { color: var(--dim); font-size: .8rem; }
summary { cursor: pointer; color: var(--accent); }
@media (max-width: 56rem) { body { display: block; } nav { position: static; height: auto; border-right: 0;
  border-bottom: 1px solid var(--line); } }
`;
