/** What EASLogin returns (facts-erp.md 1.4). */
public class WSContext {
    private String slnName, password, userName, sessionId, dcName;
    private int dbType;

    public String getSlnName() { return slnName; }
    public void setSlnName(String value) { slnName = value; }
    public String getPassword() { return password; }
    public void setPassword(String value) { password = value; }
    public String getUserName() { return userName; }
    public void setUserName(String value) { userName = value; }
    public String getSessionId() { return sessionId; }
    public void setSessionId(String value) { sessionId = value; }
    public String getDcName() { return dcName; }
    public void setDcName(String value) { dcName = value; }
    public int getDbType() { return dbType; }
    public void setDbType(int value) { dbType = value; }
}
