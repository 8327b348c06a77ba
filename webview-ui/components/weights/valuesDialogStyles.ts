import { css } from 'lit';

/** Sizes of cells, and of the column of indices, in pixels. */
export const ROW = 22;
export const COLUMN = 118;
export const HEAD = 72;

export const valuesDialogStyles = css`
  dialog {
    font-family: var(--text-font);
    width: min(92vw, 1100px);
    height: min(86vh, 760px);
    padding: 0;
    color: var(--vscode-foreground);
    background: var(--vscode-editor-background);
    border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border));
    box-shadow: 0 4px 24px var(--vscode-widget-shadow, transparent);
  }
  dialog[open] {
    display: flex;
    flex-direction: column;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 40%);
  }
  header,
  .axes {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 16px;
  }
  .axes {
    flex: 1 0 100%;
  }
  header {
    padding: 10px 14px;
    border-bottom: 1px solid var(--edge);
  }
  h2 {
    flex: 1 1 0;
    min-width: 0;
    margin: 0;
    font-size: 1.05em;
    overflow-wrap: anywhere;
  }
  h2 span {
    font-weight: normal;
    color: var(--vscode-descriptionForeground);
  }
  label {
    white-space: nowrap;
  }
  button,
  input,
  select {
    font: inherit;
    color: var(--vscode-input-foreground);
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
    padding: 1px 6px;
  }
  input {
    width: 70px;
  }
  button {
    color: var(--vscode-button-secondaryForeground, var(--vscode-foreground));
    background: var(--vscode-button-secondaryBackground, transparent);
    cursor: pointer;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .error {
    padding: 12px 14px;
    margin: 0;
  }
  .scroll {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  .view {
    position: sticky;
    top: 0;
    left: 0;
    overflow: hidden;
  }
  table {
    border-collapse: collapse;
    table-layout: fixed;
    width: max-content;
    font-family: var(--code-font);
    font-size: 0.92em;
  }
  th,
  td {
    box-sizing: border-box;
    width: ${COLUMN}px;
    height: ${ROW}px;
    padding: 0 8px;
    text-align: right;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
    border-right: 1px solid var(--vscode-panel-border);
    border-bottom: 1px solid var(--vscode-panel-border);
    font-weight: normal;
    max-width: ${COLUMN}px;
  }
  th {
    color: var(--vscode-descriptionForeground);
    background: var(--vscode-sideBar-background, var(--vscode-editor-background));
  }
  th.row,
  th.corner {
    width: ${HEAD}px;
    max-width: ${HEAD}px;
  }
  td {
    user-select: text;
  }
  td[aria-selected='true'] {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: -2px;
  }
  .place {
    padding: 5px 14px;
    border-top: 1px solid var(--edge);
    font-family: var(--code-font);
    overflow-wrap: anywhere;
    max-height: 5em;
    overflow-y: auto;
  }
`;
