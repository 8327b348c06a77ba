import { css } from 'lit';

/** Height of a row in pixels; rows that are not in view are only counted. */
export const ROW = 25;
/** Beside the text of a cell. */
export const PADDING = 7;

export const layerTableStyles = css`
  .scroll:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  th,
  td {
    height: ${ROW}px;
    padding: 0 ${PADDING}px;
    border-bottom: 1px solid var(--edge);
  }
  thead th {
    padding: 0;
  }
  thead button {
    box-sizing: border-box;
    width: 100%;
    height: 100%;
    padding: 2px ${PADDING}px;
    font: inherit;
    font-size: 0.92em;
    font-weight: 600;
    line-height: 1.2;
    text-align: inherit;
    color: inherit;
    background: none;
    border: none;
    cursor: pointer;
    white-space: normal;
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
  .edge {
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    width: 6px;
    cursor: col-resize;
    touch-action: none;
  }
  .edge:hover {
    background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
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
  tr.space td {
    padding: 0;
    border: none;
  }
  .empty {
    padding: 16px;
    color: var(--vscode-descriptionForeground);
  }
`;
