import { css } from 'lit';

/** In pixels; rows that are not in view are only counted. */
export const ROW_HEIGHT = 22;

export const tensorTabStyles = css`
  th button:focus-visible,
  table:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  table {
    min-width: 560px;
  }
  th,
  td {
    height: ${ROW_HEIGHT}px;
    padding: 0 8px;
  }
  tr[aria-hidden] td {
    height: auto;
    padding: 0;
  }
  thead th {
    border-bottom: 1px solid var(--edge);
    color: var(--vscode-descriptionForeground);
  }
  thead th:first-child {
    width: 46%;
  }
  thead th:nth-child(3),
  thead th:nth-child(5) {
    width: 84px;
  }
  /* Where there is little room, names give way and numbers don't. */
  @container (max-width: 700px) {
    thead th:first-child {
      width: auto;
    }
    thead th:nth-child(2) {
      width: 112px;
    }
    thead th:nth-child(3) {
      width: 68px;
    }
    thead th:nth-child(4) {
      width: 102px;
    }
    thead th:nth-child(5) {
      width: 76px;
    }
  }
  thead button {
    font: inherit;
    color: inherit;
    padding: 0;
    background: none;
    border: none;
    cursor: pointer;
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
`;
