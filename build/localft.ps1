# Starts localft on Windows without any Python; localft.cmd runs this on a double click.
# What is missing is fetched once: a pinned uv, which brings Python, with which build\bootstrap.py does the rest.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'   # the bar of Invoke-WebRequest makes it many times slower
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

$root = Split-Path -Parent $PSScriptRoot
$version = '0.13.0'
# SHA-256 of the release's archive; see localft.sh. Windows on ARM runs the x86-64 build too, and only that has all the
# libraries that localft stands on.
$archive = 'uv-x86_64-pc-windows-msvc.zip'
$sum = '088962f9e7b7bd9ea740c04c650b2a21c8928c345bd99ac24350dc924dba656c'
$mirror = if ($env:LOCALFT_UV_MIRROR) { $env:LOCALFT_UV_MIRROR } else { "https://github.com/astral-sh/uv/releases/download/$version" }

function Say([string] $text) { [Console]::Error.WriteLine("localft: $text") }

# Unpacked beside its final place and moved there last, so that what is there is whole and was checked.
function Install-Uv([string] $folder) {
    Say "fetching uv $version, which brings Python"
    $work = "$folder.$PID"
    New-Item -ItemType Directory -Force -Path $work | Out-Null
    try {
        $file = Join-Path $work 'uv.zip'
        try { Invoke-WebRequest -UseBasicParsing -Uri "$mirror/$archive" -OutFile $file }
        catch { throw "uv could not be fetched from $mirror. Check the internet connection and start again." }
        if ((Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash -ne $sum) {
            throw "What came from $mirror is not the uv that localft was made with; it was not opened. Try again later."
        }
        $unpacked = Join-Path $work 'uv'
        Expand-Archive -LiteralPath $file -DestinationPath $unpacked
        if (Test-Path -LiteralPath $folder) { Remove-Item -Recurse -Force -LiteralPath $folder }
        Move-Item -LiteralPath $unpacked -Destination $folder
    }
    finally { Remove-Item -Recurse -Force -LiteralPath $work -ErrorAction SilentlyContinue }
}

function Find-Python([string] $uv) {
    $fitting = '>=3.11,<3.15'
    $found = & $uv python find --system --no-project --no-python-downloads $fitting 2>$null
    if ($LASTEXITCODE -ne 0) {
        Say 'fetching Python 3.12'
        & $uv python install --no-bin --no-registry 3.12
        if ($LASTEXITCODE -ne 0) { throw 'Python could not be fetched. Check the internet connection and start again.' }
        $found = & $uv python find --system --no-project $fitting
    }
    return $found
}

try {
    $python = Join-Path $root '.venv\Scripts\python.exe'
    $works = $false
    if (Test-Path -LiteralPath $python) {
        try { & $python -c 'pass'; $works = $LASTEXITCODE -eq 0 } catch { $works = $false }
    }
    if (-not $works) {
        $cache = if ($env:LOCALFT_HOME) { Join-Path $env:LOCALFT_HOME 'cache' } else { Join-Path $env:LOCALAPPDATA 'localft\Cache' }
        $folder = Join-Path $cache "uv-$version"
        $uv = Join-Path $folder 'uv.exe'
        if (-not (Test-Path -LiteralPath $uv)) { Install-Uv $folder }
        $env:PATH = "$folder;$env:PATH"
        # What a program writes to stderr is no error in itself, though Windows PowerShell may treat it as one.
        $ErrorActionPreference = 'Continue'
        $python = Find-Python $uv
    }
    $ErrorActionPreference = 'Continue'
    & $python (Join-Path $root 'build\bootstrap.py') @args
    exit $LASTEXITCODE
}
catch {
    Say $_.Exception.Message
    exit 1
}
