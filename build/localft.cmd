@echo off
rem Double-click to start localft; or run it with the words of the localft command.
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%~dp0localft.ps1" %*
set status=%errorlevel%
if not %status%==0 if "%~1"=="" pause
exit /b %status%
