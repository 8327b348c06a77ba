import { css } from 'lit';

/** In pixels; rows that are not in view are only counted. */
export const ROW_HEIGHT = 22;

export const tensorTabStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 4px 8px;
    padding: 5px 10px;
    flex-wrap: wrap;
    border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
  }
  input {
    flex: 1 1 120px;
    min-width: 100px;
    max-width: 280px;
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
  .count {
    flex: 1 0 auto;
    color: var(--vscode-descriptionForeground);
  }
  .out {
    font: inherit;
    padding: 1px 6px;
    color: var(--vscode-button-secondaryForeground, var(--vscode-foreground));
    background: var(--vscode-button-secondaryBackground, transparent);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    cursor: pointer;
  }
  .out:focus-visible,
  th button:focus-visible,
  table:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .scroll {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  table {
    width: 100%;
    min-width: 560px;
    border-collapse: collapse;
    table-layout: fixed;
  }
  th,
  td {
    box-sizing: border-box;
    height: ${ROW_HEIGHT}px;
    padding: 0 8px;
    font-weight: inherit;
    text-align: left;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  tr[aria-hidden] td {
    height: auto;
    padding: 0;
  }
  thead th {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
    color: var(--vscode-descriptionForeground);
  }
  thead th:first-child {
    width: 46%;
  }
  thead th:nth-child(3),
  thead th:nth-child(5) {
    width: 84px;
  }
  thead button {
    font: inherit;
    color: inherit;
    padding: 0;
    background: none;
    border: none;
    cursor: pointer;
  }
  .number {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .shape {
    font-family: var(--vscode-editor-font-family, monospace);
    font-size: 0.95em;
  }
  tbody tr {
    cursor: pointer;
  }
  tbody tr:hover {
    background: var(--vscode-list-hoverBackground);
  }
  tr.current {
    outline: 1px solid var(--vscode-list-focusOutline, var(--vscode-focusBorder));
    outline-offset: -1px;
  }
  .module td {
    color: var(--vscode-descriptionForeground);
  }
  tr[aria-selected='true'],
  tr[aria-selected='true'] td {
    color: var(--vscode-list-activeSelectionForeground);
    background: var(--vscode-list-activeSelectionBackground);
  }
  .indent,
  .twist {
    display: inline-block;
  }
  .twist {
    width: 18px;
    font: 16px/1 codicon;
    vertical-align: -3px;
  }
  .twist.open::before {
    content: '\\eab4' / '';
  }
  .twist.closed::before {
    content: '\\eab6' / '';
  }
  .badge {
    margin-left: 6px;
    padding: 0 6px;
    border-radius: 8px;
    font-size: 0.85em;
    color: var(--vscode-badge-foreground);
    background: var(--vscode-badge-background);
    border: 1px solid var(--vscode-contrastBorder, transparent);
  }
  .quiet {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
`;
