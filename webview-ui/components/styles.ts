import { css } from 'lit';

export const cardStyles = css`
  :host {
    display: block;
  }
  section {
    padding: 10px 14px 14px;
    border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
  }
  h2 {
    margin: 0 0 8px;
    font-size: 1em;
    font-weight: 600;
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
    font-family: var(--vscode-editor-font-family, monospace);
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
    font-family: var(--vscode-editor-font-family, monospace);
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
