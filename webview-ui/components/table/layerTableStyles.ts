import { css } from 'lit';

/** Height of a row in pixels; rows that are not in view are only counted. */
export const ROW = 25;

export const layerTableStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 6px 14px;
    flex-wrap: wrap;
    border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
  }
  input {
    flex: 1 1 120px;
    min-width: 100px;
    max-width: 260px;
    font: inherit;
    padding: 3px 6px;
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
    white-space: nowrap;
  }
  .out {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    white-space: nowrap;
  }
  .scroll {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  .scroll:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    min-width: 1250px;
    table-layout: fixed;
  }
  th,
  td {
    box-sizing: border-box;
    height: ${ROW}px;
    padding: 0 10px;
    border-bottom: 1px solid var(--vscode-contrastBorder, var(--vscode-panel-border));
    text-align: left;
    font-weight: inherit;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .number {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .shape {
    font-family: var(--vscode-editor-font-family, monospace);
    font-size: 0.95em;
  }
  thead th {
    position: sticky;
    top: 0;
    z-index: 1;
    padding: 0;
    background: var(--vscode-editor-background);
  }
  thead button {
    box-sizing: border-box;
    width: 100%;
    height: 100%;
    padding: 0 10px;
    font: inherit;
    font-weight: 600;
    text-align: inherit;
    color: inherit;
    background: none;
    border: none;
    cursor: pointer;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  thead button:hover {
    background: var(--vscode-list-hoverBackground);
  }
  thead button:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  col.order {
    width: 46px;
  }
  col.operator {
    width: 156px;
  }
  col.input,
  col.output {
    width: 156px;
  }
  col.params {
    width: 106px;
  }
  col.macs {
    width: 122px;
  }
  col.share {
    width: 80px;
  }
  col.work {
    width: 124px;
  }
  col.memory {
    width: 104px;
  }
  /* Beside the details there is room for name, operator and output shape. */
  @media (max-width: 900px) {
    table {
      min-width: 1160px;
    }
    col.operator {
      width: 126px;
    }
  }
  tbody tr.row {
    cursor: pointer;
  }
  tbody tr.row:hover {
    background: var(--vscode-list-hoverBackground);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  tbody tr[aria-selected='true'] {
    background: var(--vscode-list-activeSelectionBackground);
    color: var(--vscode-list-activeSelectionForeground);
    outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  tbody tr:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: -2px;
  }
  th.name {
    direction: rtl;
    text-align: left;
  }
  tr.space td {
    padding: 0;
    border: none;
  }
  .empty {
    padding: 16px;
    color: var(--vscode-descriptionForeground);
  }
`;
