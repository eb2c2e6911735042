/** First segments of the page's own addresses below /imgsys-web/: the server answers these with the page, others with 404. */
export const routes = [
  'login', 'view', 'phone', 'home', 'bills', 'capture', 'invoices', 'attachments', 'exports', 'pushes', 'deliveries', 'statistics',
  'users', 'roles', 'organisations', 'scan-points', 'scanners', 'bill-types', 'labels', 'cover-rules', 'file-formats', 'storage',
  'enterprises', 'push-table', 'business-systems', 'settings', 'audit-log', 'journal', 'doctor', 'account',
]
