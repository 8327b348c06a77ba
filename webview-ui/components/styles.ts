import { css } from 'lit';

/** A button that reads as a link within a text. */
export const linkStyles = css`
  .link {
    font: inherit;
    padding: 0;
    border: none;
    background: none;
    color: var(--vscode-textLink-foreground);
    cursor: pointer;
    text-align: left;
    overflow-wrap: anywhere;
  }
  .link:hover {
    text-decoration: underline;
  }
  .link:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
`;

/** Read aloud and not drawn. */
export const quietStyles = css`
  .quiet {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

/** A field that is typed into. */
export const fieldStyles = css`
  input {
    box-sizing: border-box;
    min-width: 0;
    font: inherit;
    padding: 2px 6px;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, transparent);
  }
  input::placeholder {
    color: var(--vscode-input-placeholderForeground);
  }
  input:focus {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
`;

export const cardStyles = css`
  :host {
    display: block;
  }
  section {
    padding: 10px 14px 14px;
    border-bottom: 1px solid var(--edge);
  }
  section[data-folded] > :not(h2) {
    display: none;
  }
  h2 {
    margin: 0 0 8px;
    font-size: 1em;
    font-weight: 600;
  }
  .fold {
    display: block;
    width: 100%;
    font: inherit;
    font-weight: 600;
    color: inherit;
    text-align: left;
    padding: 0;
    background: none;
    border: none;
    cursor: pointer;
  }
  .fold::before {
    content: '\\eab4' / '';
    font: 16px/1 codicon;
    vertical-align: -3px;
    margin: 0 3px 0 -5px;
  }
  .fold[aria-expanded='false']::before {
    content: '\\eab6' / '';
  }
  .fold:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
  }
  h3 {
    margin: 12px 0 4px;
    font-size: 0.92em;
    font-weight: 600;
    color: var(--vscode-descriptionForeground);
  }
  dl {
    display: grid;
    grid-template-columns: minmax(72px, max-content) 1fr;
    gap: 3px 12px;
    margin: 0;
  }
  dt {
    color: var(--vscode-descriptionForeground);
    overflow-wrap: anywhere;
    max-width: 140px;
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
    font-family: var(--code-font);
    font-size: 0.95em;
    user-select: text;
  }
  p {
    margin: 0;
    color: var(--vscode-descriptionForeground);
    overflow-wrap: anywhere;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    margin: 0 0 5px;
    overflow-wrap: anywhere;
    font-family: var(--code-font);
    font-size: 0.95em;
  }
  .sub {
    color: var(--vscode-descriptionForeground);
  }
  /* Stays in one line where it fits into one. */
  .whole {
    display: inline-block;
  }
  vscode-button {
    margin-top: 8px;
  }
`;
